import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createReporters } from '../create-reporter.ts';
import { collect } from '../testing/collect.ts';
import { hostRecap, sampleRun, taskEvent } from '../testing/sample-run.ts';
import { screenAfter } from '../testing/screen.ts';

const size = { columns: 100, rows: 30 };

function start() {
  const { stream, text } = collect(size);
  const reporter = createReporters([], { stdout: stream, env: { NO_COLOR: '1' }, verbosity: 0 });
  return { stream, text, reporter, shown: () => screenAfter(text(), size.columns) };
}

describe('the terminal report', () => {
  it('shows a row for each host while it runs', async () => {
    const { reporter: made, shown } = start();
    const reporter = await made;
    for (const event of sampleRun.slice(0, 7)) reporter.handle(event);
    await sleep(1300);
    const { lines, cursor } = shown();
    expect(cursor).toBe(false);
    expect(lines.slice(0, 4)).toEqual([
      'play KVM host network (3 hosts)',
      'kvm01        changed      sysctl network buffers',
      'kvm01          net.core.rmem_max: 212992 -> 134217728',
      'kvm01          net.ipv4.tcp_rmem: 4096 131072 6291456 -> 4096 65536 134217728',
    ]);
    expect(lines[4]).toMatch(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] kvm01 {8}1\/6 {2}sysctl network buffers {2,}1 changed {2,}1s$/);
    expect(lines[5]).toMatch(/ kvm02 +waiting$/);
    expect(lines[7]).toMatch(/^ {2}3 hosts: 1 working, 2 waiting, 1s$/);
    await reporter.end();
  });
  it('leaves what the line report says, and nothing else', async () => {
    const { reporter: made, shown } = start();
    const reporter = await made;
    for (const event of sampleRun) {
      reporter.handle(event);
      await sleep(7);
    }
    await reporter.end();
    const { stream, text } = collect();
    const lines = await createReporters(['lines'], { stdout: stream, env: {}, verbosity: 0 });
    for (const event of sampleRun) lines.handle(event);
    await lines.end();
    expect(shown()).toEqual({ lines: text().split('\n'), cursor: true });
  });
  it('makes room for a question and comes back after it', async () => {
    const { reporter: made, stream, shown } = start();
    const reporter = await made;
    for (const event of sampleRun.slice(0, 5)) reporter.handle(event);
    await sleep(150);
    reporter.suspend?.();
    stream.write('go on? yes\n');
    await sleep(150);
    expect(shown()).toEqual({ lines: ['play KVM host network (3 hosts)', 'go on? yes', ''], cursor: true });
    reporter.resume?.();
    await sleep(150);
    expect(shown().lines[2]).toContain('kvm01');
    await reporter.end();
    expect(shown().lines).toEqual(['play KVM host network (3 hosts)', 'go on? yes', '']);
  });
  it('is not slowed down by hundreds of hosts', async () => {
    const { reporter: made, text } = start();
    const reporter = await made;
    const hosts = Array.from({ length: 300 }, (_, i) => `kvm${i}`);
    const started = performance.now();
    reporter.handle({ type: 'play', play: 'p', hosts, batch: 1, batches: 1 });
    for (let taskIndex = 1; taskIndex <= 50; taskIndex++) {
      for (const host of hosts) {
        reporter.handle({ type: 'host', host, doing: `task ${taskIndex}`, taskIndex, taskCount: 50 });
        reporter.handle(taskEvent({ host, task: `task ${taskIndex}` }));
      }
      await sleep(0);
    }
    const took = performance.now() - started;
    for (const host of hosts) reporter.handle({ type: 'host-end', host, status: 'ok' });
    const recap = Object.fromEntries(hosts.map((host) => [host, hostRecap({ ok: 50 })]));
    reporter.handle({ type: 'recap', hosts: recap, ms: 1, pending: {}, run: 'r' });
    await reporter.end();
    expect(took).toBeLessThan(2000);
    const frames = text().split('\u001b[?2026h').length - 1;
    expect(frames).toBeLessThan(2 + took / 90);
  });
});
