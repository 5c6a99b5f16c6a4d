import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play, startPlay, type Ended } from './background.ts';
import type { Host, Lab } from './index.ts';
import { until } from './process.ts';
import { folderOf } from './terminal.ts';
import { noLab, useLab } from './use-lab.ts';

const site = (tasks: string): string => `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks}`;

/** Before and after the task in which things go wrong: what is done stays, what comes later comes with the next run. */
const before = '    - { name: before, copy: { dest: /srv/before, content: x } }\n';
const after = '    - { name: after, copy: { dest: /srv/after, content: x } }\n';

/** A module of a user's own whose change takes its time to show: between the steps and what verifies them. */
const slow = `import { z } from 'zod';
import { defineModule, probeScript, sh, snippet } from 'kvmnet/sdk';
export const slow = defineModule({
  name: 'slow', summary: 'Comes late', params: z.strictObject({ seconds: z.number() }), examples: [],
  probes: () => ({ there: probeScript(sh\`cat /srv/slow 2>/dev/null\`, [], ({ stdout }) => stdout.trim()) }),
  state: (seen) => ({ there: seen.there }),
  want: () => ({ there: 'yes' }),
  steps: (_, to, p) => [snippet(sh\`touch /srv/at-it; (sleep "$1"; echo yes >/srv/slow) >/dev/null 2>&1 &\`, [String(p.seconds)])],
  settle: { timeout: 20 },
});
`;

describe.skipIf(noLab())('what goes wrong on the way', () => {
  let lab: Lab;
  let host: Host;
  beforeAll(async () => {
    ({ lab } = await useLab());
    [host] = (await lab.bareHosts(1, { prefix: 'faulty' })) as [Host];
  });
  afterAll(() => host.remove());

  const exists = async (pattern: string): Promise<boolean> =>
    (await host.outside(['sh', '-c', `ls -d ${pattern} >/dev/null 2>&1`])).code === 0;
  const reached = async (pattern: string): Promise<void> => {
    await until(pattern, 60, async () => (await exists(pattern)) || undefined);
  };
  /** Ends all sshd that serve somebody, but not the one that listens. */
  const dropSessions = (): Promise<string> =>
    host.read(['sh', '-c', 'l=$(cat /run/sshd.pid); for p in $(pgrep -x sshd); do [ $p = $l ] || kill -9 $p; done; :']);
  const failureOf = ({ tasks }: Ended): unknown => {
    const failed = tasks.find(({ failure }) => failure !== undefined);
    return failed === undefined
      ? undefined
      : { task: failed.task, status: failed.status, message: failed.failure?.message, hint: failed.failure?.hint };
  };
  /** The next run brings what is missing, and the one after it finds nothing to do; nothing of ours is left over. */
  const converges = async (text: string, files: Readonly<Record<string, string>> = {}): Promise<void> => {
    const next = await play(lab, host, text, { files });
    expect({ code: next.code, failure: failureOf(next), stderr: next.stderr }).toEqual({ code: 0, stderr: '' });
    const check = await play(lab, host, text, { files, args: ['--check'] });
    expect(check.tasks.filter(({ status, module }) => status !== 'ok' && module !== 'shell')).toEqual([]);
    const left = 'ls -d /tmp/.kvmnet* /srv/.kvmnet* /run/kvmnet.lock 2>/dev/null; rm -rf /srv/*';
    expect(await host.read(['sh', '-c', left])).toBe('');
  };

  it('the connection is dropped in the middle of a step: the step goes on, the run does not', async () => {
    const validate = `sh -c "touch /srv/at-it; sleep 1; cat %s >/dev/null"`;
    const text = site(
      `${before}    - { name: step, copy: { dest: /srv/step, content: y, validate: '${validate}' } }\n${after}`,
    );
    const run = startPlay(lab, host, text);
    await reached('/srv/at-it');
    await dropSessions();
    const ended = await run.ended;
    expect(failureOf(ended)).toEqual({
      task: 'step',
      status: 'unreachable',
      message: 'the connection was lost in the middle of a request',
      hint: 'what the request had begun on the host may have gone on to its end',
    });
    expect(ended.code).toBe(4);
    await reached('/srv/step');
    expect(await exists('/srv/after')).toBe(false);
    await converges(text);
  });

  it('the connection is dropped in the middle of an upload', async () => {
    const big = Buffer.alloc(6_000_000, 'content ').toString();
    await host.read(['sh', '-c', 'echo old >/srv/big']);
    const text = site(`${before}    - { name: upload, copy: { dest: /srv/big, src: big } }\n${after}`);
    await lab.delay(host, { rttMs: 2, rate: 8 });
    try {
      const run = startPlay(lab, host, text, { files: { big } });
      await reached('/tmp/.kvmnet-*/*');
      await dropSessions();
      const ended = await run.ended;
      expect(failureOf(ended)).toEqual({
        task: 'upload',
        status: 'unreachable',
        message: 'the connection was lost in the middle of a file transfer',
        hint: undefined,
      });
      expect(ended.code).toBe(4);
      expect(await host.read(['cat', '/srv/big'])).toBe('old\n');
      await until('what was sent to go', 30, async () => !(await exists('/tmp/.kvmnet-*')) || undefined);
    } finally {
      await lab.delay(host, 0);
    }
    await converges(text, { big });
  });

  it('the connection is dropped between a change and its verification: that is made over a new one', async () => {
    const text = site(`${before}    - slow: { seconds: 3 }\n${after}`);
    const files = { 'modules/slow.ts': slow };
    const run = startPlay(lab, host, text, { files });
    await reached('/srv/at-it');
    // The answer to the steps has come: what is asked now only reads.
    await sleep(700);
    await dropSessions();
    const ended = await run.ended;
    expect(failureOf(ended)).toBeUndefined();
    expect(ended.tasks.map(({ status }) => status)).toEqual(['changed', 'changed', 'changed']);
    expect(ended.code).toBe(0);
    await converges(text, files);
  });

  it('sshd is restarted: sessions that are open go on', async () => {
    const text = site(`${before}    - shell: touch /srv/at-it; sleep 2\n${after}`);
    const run = startPlay(lab, host, text);
    await reached('/srv/at-it');
    await host.restartSshd();
    const ended = await run.ended;
    expect({ code: ended.code, failure: failureOf(ended) }).toEqual({ code: 0 });
    await converges(text);
  });

  it('all that we run there is killed, as where a host is out of memory', async () => {
    const text = site(
      `${before}    - { name: killed, shell: "[ -e /srv/again ] || { touch /srv/again; kill -9 0; }" }\n${after}`,
    );
    const ended = await play(lab, host, text);
    expect(failureOf(ended)).toEqual({
      task: 'killed',
      status: 'unreachable',
      message: 'the shell on the host was killed in the middle of a request (KILL)',
      hint: 'the kernel log there says so where it was out of memory (dmesg); the next run goes on from what was left half done',
    });
    expect(ended.code).toBe(4);
    await converges(text);
  });

  it('a shell that hangs is given up where the task has a timeout', async () => {
    const text = site(
      `${before}    - { name: hangs, shell: "[ -e /srv/again ] || { touch /srv/again; kill -STOP 0; }", timeout: 1 }\n${after}`,
    );
    const ended = await play(lab, host, text);
    await host.outside(['pkill', '-CONT', '-x', 'sh']);
    expect(failureOf(ended)).toMatchObject({
      task: 'hangs',
      status: 'unreachable',
      message: 'the shell on the host ended in the middle of a request (no answer after 1 s)',
    });
    expect(ended.seconds).toBeLessThan(60);
    await converges(text);
  });

  it('an sshd that hangs is noticed by keepalives', async () => {
    const config = `Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 2\n  UserKnownHostsFile ${lab.knownHostsPath}\n`;
    const env = { HOME: folderOf({ '.ssh/config': config }) };
    const text = site(`${before}    - { name: hangs, shell: "touch /srv/at-it; sleep 5" }\n${after}`);
    const run = startPlay(lab, host, text, { env });
    await reached('/srv/at-it');
    await host.read([
      'sh',
      '-c',
      'l=$(cat /run/sshd.pid); for p in $(pgrep -x sshd); do [ $p = $l ] || kill -STOP $p; done; :',
    ]);
    const ended = await run.ended;
    await dropSessions();
    expect(failureOf(ended)).toMatchObject({
      task: 'hangs',
      status: 'unreachable',
      message: 'the connection was lost in the middle of a request',
    });
    expect(ended.seconds).toBeLessThan(30);
    await converges(text);
  });

  it('packets are lost', async () => {
    const text = site(`${before}    - { name: upload, copy: { dest: /srv/big, src: big } }\n${after}`);
    const files = { big: Buffer.alloc(100_000, 'content ').toString() };
    await lab.delay(host, { rttMs: 4, loss: 15 });
    try {
      const ended = await play(lab, host, text, { files, vars: { kvmnet_connect_timeout: 60 } });
      expect({ code: ended.code, failure: failureOf(ended) }).toEqual({ code: 0 });
    } finally {
      await lab.delay(host, 0);
    }
    await converges(text, files);
  });

  it('a line of 1 kB/s', async () => {
    const text = site(before);
    await lab.delay(host, { rttMs: 4, rate: 0.008 });
    try {
      const ended = await play(lab, host, text, { vars: { kvmnet_connect_timeout: 120 } });
      expect({ code: ended.code, failure: failureOf(ended) }).toEqual({ code: 0 });
    } finally {
      await lab.delay(host, 0);
    }
    await converges(text);
  }, 300_000);
});
