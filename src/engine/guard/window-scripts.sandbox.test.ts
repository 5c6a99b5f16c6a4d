import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exec, write, type Step } from '../../sdk/index.ts';
import { createSandbox, type Sandbox } from '../../sdk/testing/sandbox.ts';
import { placeOf, type Layer } from './window-files.ts';
import { noSuchWindow, tooLate, windowScripts, type WindowScripts } from './window-scripts.ts';

// Whichever shell a request is sent to, what lies on the host is run by its /bin/sh.
const shells = ['dash', 'bash', 'busybox'] as const;

const layer = (number: number, change: readonly Step[], undo: readonly Step[]): Layer => ({
  number,
  change,
  undo,
  environment: '',
  uploads: new Map(),
  kept: undefined,
});
const say = (text: string): Step => exec(['sh', '-c', `echo ${text} >>/tmp/said`]);

describe.skipIf(process.getuid?.() !== 0).each(shells)('a window on a host whose sh is %s', (shell) => {
  let host: Sandbox;
  let windows = 0;
  beforeAll(async () => {
    host = await createSandbox({ setup: `ln -sf "$(command -v ${shell})" /usr/bin/sh; rm -rf /var/lib/kvmnet` });
  });
  afterAll(() => host.close());

  const open = (seconds: number): { readonly scripts: WindowScripts; readonly folder: string } => {
    const place = placeOf(`t${windows++}`);
    host.look('rm -f /tmp/said');
    return { scripts: windowScripts(place, seconds, { client: '', server: '' }), folder: place.folder };
  };
  const run = (script: string): number => host.run(script).code;
  const said = (): string => host.look('cat /tmp/said 2>/dev/null || :');
  const outcome = (scripts: WindowScripts, number: number): string =>
    host.run(scripts.outcome(number, 5)).stdout.trim();

  it('takes back what nobody confirms, the last change first, and says what it could not undo', async () => {
    const { scripts, folder } = open(3);
    const first = layer(1, [say('one')], [say('not-one')]);
    const second = layer(2, [say('two')], [exec(['false', 'x']), say('not-two')]);
    expect(run(scripts.arm(first, []))).toBe(0);
    expect(outcome(scripts, 1)).toMatch(/^done - \d+$/);
    expect(run(scripts.arm(second, [first]))).toBe(0);
    expect(outcome(scripts, 2)).toMatch(/^done - \d+$/);
    await expect.poll(said, { timeout: 20_000 }).toBe('one\ntwo\nnot-two\nnot-one\n');
    const { code, stdout } = host.run(scripts.aftermath);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'could not undo: false x\n' });
    expect(host.look(`ls -d ${folder} 2>/dev/null || echo gone`)).toBe('gone\n');
    expect(run(scripts.aftermath)).toBe(noSuchWindow);
  });

  it('leaves what is confirmed, and nothing behind', async () => {
    const { scripts, folder } = open(2);
    expect(run(scripts.arm(layer(1, [write('/tmp/file', 'new')], [write('/tmp/file', 'old')]), []))).toBe(0);
    expect(outcome(scripts, 1)).toMatch(/^done/);
    const watch = host.look(`cat ${folder}/watch.pid`).trim();
    expect(run(scripts.disarm)).toBe(0);
    expect(host.look(`cat /tmp/file; ls -d ${folder} 2>/dev/null || echo gone`)).toBe('newgone\n');
    await expect.poll(() => host.look(`kill -0 -${watch} 2>/dev/null && echo runs || :`), { timeout: 15_000 }).toBe('');
    expect(run(scripts.disarm)).toBe(noSuchWindow);
  });

  it('can be put off, but not once it is over', async () => {
    const { scripts } = open(2);
    expect(run(scripts.arm(layer(1, [say('one')], [say('not-one')]), []))).toBe(0);
    for (let i = 0; i < 5; i++) {
      await sleep(600);
      expect(run(scripts.extend)).toBe(0);
    }
    expect(said()).toBe('one\n');
    await expect.poll(said, { timeout: 20_000 }).toBe('one\nnot-one\n');
    const late = layer(2, [say('two')], [say('not-two')]);
    expect([scripts.extend, scripts.disarm, scripts.arm(late, [late])].map(run)).toEqual([tooLate, tooLate, tooLate]);
    await sleep(600);
    expect(said()).toBe('one\nnot-one\n');
    expect(outcome(scripts, 1)).toBe('lapsed');
  });

  it('ends a change that takes longer', async () => {
    const { scripts } = open(2);
    expect(run(scripts.arm(layer(1, [say('one'), exec(['sleep', '4']), say('two')], [say('not-one')]), []))).toBe(0);
    await expect.poll(said, { timeout: 20_000 }).toBe('one\nnot-one\n');
    expect(outcome(scripts, 1)).toBe('gone');
    await sleep(4000);
    expect(said()).toBe('one\nnot-one\n');
    expect(run(scripts.aftermath)).toBe(0);
  });

  it('tells which step has failed, with its code and how long ago', () => {
    const { scripts } = open(60);
    expect(
      run(scripts.arm(layer(1, [say('one'), exec(['sh', '-c', 'echo why >&2; exit 7']), say('two')], []), [])),
    ).toBe(0);
    const { stdout, stderr } = host.run(scripts.outcome(1, 5));
    expect(stdout).toMatch(/^1 7 \d+\n$/);
    expect(stderr).toBe('why\n');
    expect(run(scripts.undo)).toBe(0);
    expect(run(scripts.aftermath)).toBe(0);
    expect(said()).toBe('one\n');
  });

  it('begins an undo again that a power cut has ended', () => {
    const { scripts, folder } = open(60);
    expect(run(scripts.arm(layer(1, [say('one')], [say('not-one')]), []))).toBe(0);
    expect(outcome(scripts, 1)).toMatch(/^done/);
    host.look(`mv ${folder}/armed ${folder}/undoing; sh ${folder}/undo.sh; sh ${folder}/undo.sh boot`);
    expect(said()).toBe('one\nnot-one\n');
    expect(run(scripts.aftermath)).toBe(0);
  });
});
