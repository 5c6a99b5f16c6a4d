import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../engine/events.ts';
import { createReporters } from './create-reporter.ts';
import { collect } from './testing/collect.ts';
import { hostRecap, sampleRun, taskEvent } from './testing/sample-run.ts';

interface Options {
  readonly verbosity?: number;
  readonly colour?: boolean;
  readonly showOutput?: boolean;
}

async function report(events: readonly RunEvent[], { verbosity = 0, colour, showOutput }: Options = {}) {
  const { stream, text } = collect();
  const reporter = await createReporters([], { stdout: stream, env: {}, verbosity, colour, showOutput });
  for (const event of events) reporter.handle(event);
  await reporter.end();
  return text();
}

describe('the line report', () => {
  it('says what changed and what failed, host first', async () => {
    expect(await report(sampleRun)).toMatchSnapshot();
  });
  it('says with -v what is ok and why something was skipped', async () => {
    const quiet = (await report(sampleRun)).split('\n');
    const more = (await report(sampleRun, { verbosity: 1 })).split('\n').filter((line) => !quiet.includes(line));
    expect(more).toEqual([
      'kvm02        ok           sysctl network buffers',
      'kvm02        skipped      virtual functions',
      'kvm02          when is false',
      'kvm01  … uploading image.qcow2',
    ]);
  });
  it('differs in nothing but colours when there are any', async () => {
    const coloured = await report(sampleRun, { colour: true });
    expect(coloured).toContain('\u001b[33mchanged    \u001b[39m');
    expect(stripVTControlCharacters(coloured)).toBe(await report(sampleRun));
  });
  it('shows the output of commands when they are what was asked for, and one line at the end', async () => {
    const events: RunEvent[] = [
      { type: 'play', play: 'shell', hosts: ['kvm01'], batch: 1, batches: 1 },
      taskEvent({ task: 'shell', status: 'changed', result: { stdout: 'up 3 days\n', stderr: 'warn', rc: 0 } }),
      { type: 'recap', hosts: { kvm01: hostRecap({ changed: 1 }) }, ms: 100, pending: {}, run: 'r1' },
    ];
    expect(await report(events, { showOutput: true })).toBe(
      [
        'kvm01  changed      shell',
        'kvm01    | up 3 days',
        'kvm01    | warn',
        '1 host ok, 1 changed, 0.1 s, run r1',
        '',
      ].join('\n'),
    );
  });
  it('keeps what a host prints from steering the terminal', async () => {
    const text = await report([
      taskEvent({ status: 'changed', changes: [{ path: 'motd', from: null, to: 'a\u001b[2Jb' }] }),
    ]);
    expect(text).toContain('motd: (unset) -> "a\\u001b[2Jb"');
  });
  it('shortens long values, and shows them whole with -vv', async () => {
    const event = taskEvent({ status: 'changed', changes: [{ path: 'key', from: null, to: 'x'.repeat(200) }] });
    expect(await report([event])).toContain(`key: (unset) -> ${'x'.repeat(30)}…${'x'.repeat(29)}\n`);
    expect(await report([event], { verbosity: 2 })).toContain('x'.repeat(200));
  });
  it('tells of what is new in one line, and of what has gone that it has', async () => {
    const [made, gone] = [
      [
        { path: 'state', from: 'absent', to: 'present' },
        { path: 'type', from: null, to: 'file' },
        { path: 'sha256', from: null, to: 'ab12' },
      ],
      [
        { path: 'state', from: 'present', to: 'absent' },
        { path: 'type', from: 'file', to: null },
      ],
    ];
    const events = [made, gone].map((changes) => taskEvent({ status: 'changed', changes }));
    const details = async (verbosity: number): Promise<readonly string[]> =>
      (await report(events, { verbosity })).split('\n').flatMap((line) => /^kvm01 {4}(.*)/.exec(line)?.[1] ?? []);
    expect(await details(0)).toEqual(['state: absent -> present', 'with type file', 'state: present -> absent']);
    expect(await details(2)).toEqual([
      'state: absent -> present',
      'type: (unset) -> file',
      'sha256: (unset) -> ab12',
      'state: present -> absent',
      'type: file -> (unset)',
    ]);
  });
  it('tells once what several hosts have in common, those that differ apart', async () => {
    const hosts = ['kvm01', 'kvm02', 'kvm03', 'kvm04', 'kvm05'];
    const results = hosts.map((host, i) =>
      taskEvent({
        host,
        task: 'mtu',
        status: i === 3 ? 'failed' : 'changed',
        changes: i === 3 ? [] : [{ path: 'mtu', from: 1500, to: 9000 }],
        ...(i === 3 ? { failure: { code: 'io', message: 'disk full' } } : {}),
        ms: i,
      }),
    );
    const start: RunEvent = { type: 'task-start', play: 'p', task: 'mtu', module: 'link' };
    const events: RunEvent[] = [
      { type: 'play', play: 'p', hosts, batch: 1, batches: 1 },
      ...results.slice(0, 3).flatMap((result) => [start, result]),
      ...results.slice(3),
      { ...start, task: 'next' },
      taskEvent({ host: 'kvm01', task: 'next', status: 'changed' }),
    ];
    expect((await report(events)).split('\n')).toEqual([
      'play p (5 hosts)',
      'kvm[01:03],kvm05  changed      mtu',
      'kvm[01:03],kvm05    mtu: 1500 -> 9000',
      'kvm04  failed       mtu',
      'kvm04    disk full',
      'kvm04    task at site.yml:12',
      'kvm01  changed      next',
      '',
    ]);
  });
  it('folds hosts that ended alike into one row where there are many', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `kvm${String(i + 1).padStart(2, '0')}`);
    const hosts = Object.fromEntries(
      names.map((name, i) => [name, hostRecap(i === 7 ? { failed: 1 } : { ok: 20, round_trips: 1 })]),
    );
    const lines = (await report([{ type: 'recap', hosts, ms: 1000, pending: {}, run: 'r' }])).split('\n');
    expect(lines.slice(1, 4)).toEqual([
      'host               ok  changed  failed  round trips',
      'kvm01 and 38 more  20        0       0            1',
      'kvm08               0        0       1            0',
    ]);
  });
});
