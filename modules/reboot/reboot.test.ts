import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileProbe } from '../../src/sdk/compile.ts';
import type { ProbeCommand, StandingReason } from '../../src/sdk/index.ts';
import { fakeHost, hostError, localSh, runAction, type FakeHostOptions } from '../../src/sdk/testing/fake-host.ts';
import { reboot } from './index.ts';
import { askGuests, guestsGone, lookAtHost, parseHostLook, readBootId, rebootSoon, shellLine } from './scripts.ts';

const reasons = [{ task: 'IOMMU', path: 'running', reason: 'the kernel runs without iommu=pt' }];
const waiting = { list: () => reasons, verify: async () => [] };
const scriptOf = (command: ProbeCommand): string => ('script' in command ? command.script : command.argv.join(' '));

interface Story {
  /** What each attempt to log in gives: a boot id, or why not. */
  readonly attempts?: readonly (string | Error | false)[];
  readonly guests?: readonly string[];
  /** Names left after each wait. */
  readonly left?: readonly string[];
  readonly fails?: Readonly<Record<string, string>>;
  /** Reasons that the reboot has not mended. */
  readonly standing?: readonly StandingReason[];
}

/** A host that reboots as the story goes. */
function host(
  { attempts = ['new'], guests = [], left = [], fails = {}, standing = [] }: Story = {},
  options: FakeHostOptions = {},
) {
  const log: string[] = [];
  let attempt = 0;
  let current = 'old';
  const leftovers = [...left];
  const answer = (command: ProbeCommand) => {
    const script = scriptOf(command);
    const args = 'args' in command ? command.args : [];
    if (script === lookAtHost.script) return { stdout: `${current}\n\n${guests.join('\n')}\n` };
    if (script === readBootId.script) return { stdout: `${current}\n` };
    if (script === askGuests) log.push(`virsh ${args.join(' ')}`);
    if (script === guestsGone) {
      const names = leftovers.shift();
      return names === undefined ? {} : { code: 1, stdout: names };
    }
    if (script === rebootSoon) log.push(`reboot ${args.join('|')}`);
    if (script !== shellLine('').script) return {};
    const [line = ''] = args;
    log.push(line);
    return fails[line] === undefined ? {} : { code: 3, stderr: `x\n${fails[line]}\n` };
  };
  const tryReconnect = async () => {
    const next = attempts[Math.min(attempt++, attempts.length - 1)] ?? false;
    if (next instanceof Error) throw next;
    if (next === false) return false;
    current = next;
    return true;
  };
  const connection = { drop: async () => void log.push('drop'), tryReconnect, lastError: 'connection refused' };
  const verify = async () => {
    // Only what has been rebooted for is looked at again.
    if (current === 'old') return [];
    log.push('verify');
    return standing;
  };
  const pending = { list: () => reasons, verify };
  return { log, fake: fakeHost({ answer, connection, pending, ...options }) };
}

describe.concurrent('reboot', () => {
  it('does nothing, and asks nothing, where nothing is pending', async () => {
    const { fake } = host({}, { pending: { list: () => [], verify: async () => [] } });
    expect(await runAction(reboot, {}, fake)).toMatchObject({ changed: false, text: 'no reboot is pending' });
    expect(fake.asked).toEqual([]);
  });

  it('reboots and is back with another boot id', async () => {
    const { fake, log } = host({ attempts: [false, 'old', 'new'] });
    const result = await runAction(reboot, { pre: 'sync', post: ['a', 'b'], message: 'bye' }, fake);
    expect(result).toMatchObject({
      changed: true,
      data: { rebooted: true, reasons: ['the kernel runs without iommu=pt (IOMMU)'] },
    });
    expect(result.text).toMatch(/^rebooted in \d+ s$/);
    expect(log).toEqual(['sync', 'reboot 1|bye', 'drop', 'true', 'a', 'b', 'verify']);
    expect(fake.said).toContainEqual(expect.stringMatching(/^rebooting, \d+ of 600 s: connection refused$/));
    expect(fake.said).toContainEqual(expect.stringContaining('the boot id is still the old one'));
  });

  it('goes on while logins are refused', async () => {
    const refused = hostError('auth', 'the login was refused: System is booting up');
    const { fake } = host({ attempts: [refused, 'new'] });
    expect(await runAction(reboot, { force: true }, fake)).toMatchObject({ data: { rebooted: true } });
  });

  it.each([
    [[false], 'not back within 0.1 s: connection refused'],
    [['old'], 'not back within 0.1 s: it has not gone down: the boot id is still the old one'],
    [[hostError('auth', 'the login was refused')], 'not back within 0.1 s: the login was refused'],
  ] as const)('says what was seen last: %j', async (attempts, message) => {
    const { fake } = host({ attempts });
    expect(await runAction(reboot, { timeout: 0.1 }, fake)).toMatchObject({
      changed: true,
      failed: true,
      message,
      data: { rebooted: false },
    });
  });

  it.each([
    [undefined, 'look whether something sets it back at boot'],
    ['another boot loader has started it', 'another boot loader has started it'],
  ])('fails where a reason still stands, with what may be the matter: %j', async (hint, shown) => {
    const standing = [{ task: 'IOMMU', path: 'running', reason: 'the kernel runs without iommu=pt', hint }];
    const { fake } = host({ standing });
    expect(await runAction(reboot, {}, fake)).toMatchObject({
      changed: true,
      failed: true,
      message: 'configured but not effective after the reboot: the kernel runs without iommu=pt (IOMMU)',
      hint: shown,
      data: { rebooted: true, standing: ['the kernel runs without iommu=pt (IOMMU)'] },
    });
  });

  it('says that the test command fails', async () => {
    const { fake, log } = host({ fails: { mytest: 'not yet' } });
    expect(await runAction(reboot, { timeout: 0.1, test_command: 'mytest' }, fake)).toMatchObject({
      message: 'not back within 0.1 s: it is up, but the test command ends with 3: not yet',
    });
    expect(log).not.toContain('verify');
  });

  it('gives up at once on a host key that has changed', async () => {
    const { fake } = host({ attempts: [hostError('host-key', 'the host key has changed')] });
    await expect(runAction(reboot, {}, fake)).rejects.toThrow('the host key has changed');
  });

  it('does not reboot the machine that it runs on', async () => {
    const connection = { local: true, drop: async () => {}, tryReconnect: async () => true };
    const here = fakeHost({ pending: waiting, connection });
    await expect(runAction(reboot, {}, here)).rejects.toThrow('not rebooted: kvmnet itself runs on this host');
    expect(here.asked).toEqual([]);
  });

  it('does not reboot where a command before fails', async () => {
    const { fake, log } = host({ fails: { sync: 'oh' } });
    await expect(runAction(reboot, { pre: ['sync', 'b'] }, fake)).rejects.toThrow(
      'not rebooted: before it, "sync" ended with 3: oh',
    );
    expect(log).toEqual(['sync']);
  });

  it('does not reboot where a command before does not end, or says nothing of why it fails', async () => {
    const ends = (how: object) =>
      fakeHost({ pending: waiting, answer: (c) => (scriptOf(c) === shellLine('').script ? how : {}) });
    await expect(runAction(reboot, { pre: 'sync' }, ends({ timedOut: true, code: 255 }))).rejects.toThrow(
      /^not rebooted: before it, "sync" did not end in time$/,
    );
    await expect(runAction(reboot, { pre: 'sync' }, ends({ code: 4 }))).rejects.toThrow(
      /^not rebooted: before it, "sync" ended with 4$/,
    );
  });

  it('takes a host whose shell says nothing for one that is not back', async () => {
    const { fake } = host({ attempts: [''] });
    expect(await runAction(reboot, { timeout: 0.1 }, fake)).toMatchObject({
      failed: true,
      message: 'not back within 0.1 s: its shell does not answer',
    });
  });

  it('says that it was told to where nothing is pending', async () => {
    const { fake } = host({}, { check: true, pending: { list: () => [], verify: async () => [] } });
    expect(await runAction(reboot, { force: true }, fake)).toMatchObject({ text: 'would reboot: forced' });
  });

  it('says a reason that says so itself only once', async () => {
    const reason = 'configured but not effective: no IOMMU';
    const { fake } = host({ standing: [{ task: 'grub', path: 'running', reason, hint: undefined }] });
    expect(await runAction(reboot, {}, fake)).toMatchObject({ message: `after the reboot ${reason} (grub)` });
  });

  it('stops at once where the engine gives no result', async () => {
    const silent = { ...fakeHost({ pending: waiting }), run: async () => [] };
    await expect(runAction(reboot, {}, silent)).rejects.toThrow('the engine gave no result for a command');
  });

  it('says that it could not be set going', async () => {
    const answer = () => ({ code: 1, stderr: 'Access denied\n' });
    await expect(runAction(reboot, {}, fakeHost({ answer, pending: waiting }))).rejects.toMatchObject({
      message: 'the reboot could not be set going: Access denied',
      hint: 'is the user root? become: true',
    });
  });

  describe('with the policy', () => {
    it('never, it only says what is pending', async () => {
      const { fake } = host({}, { rebootPolicy: 'never' });
      expect(await runAction(reboot, {}, fake)).toMatchObject({
        changed: false,
        text: 'reboot pending, not done: --reboot never: the kernel runs without iommu=pt (IOMMU)',
      });
      expect(fake.asked).toEqual([]);
    });

    it.each([
      ['y', 'rebooted'],
      ['YES', 'rebooted'],
      ['n', 'you said no'],
      ['', 'you said no'],
      [undefined, 'there is nobody to ask (--reboot ask)'],
    ])('ask and the answer %j, it says %s', async (reply, text) => {
      const questions: string[] = [];
      const ask = async (question: string) => (questions.push(question), reply);
      const { fake } = host({}, { rebootPolicy: 'ask', ask });
      expect((await runAction(reboot, {}, fake)).text).toContain(text);
      expect(questions).toEqual(['Reboot fake? the kernel runs without iommu=pt (IOMMU) [y/N]']);
    });
  });

  describe('in check mode', () => {
    it('says that it would reboot', async () => {
      const { fake, log } = host({}, { check: true });
      expect(await runAction(reboot, { pre: 'x' }, fake)).toMatchObject({
        changed: true,
        text: 'would reboot: the kernel runs without iommu=pt (IOMMU)',
        warnings: [],
      });
      expect(log).toEqual([]);
    });

    it('says that guests are in the way', async () => {
      const { fake } = host({ guests: ['web1'] }, { check: true });
      expect((await runAction(reboot, { force: true }, fake)).warnings).toEqual([
        'the reboot will be refused: a virtual machine runs on it: web1',
      ]);
    });
  });

  describe('where virtual machines run', () => {
    it('refuses, and names them', async () => {
      const { fake, log } = host({ guests: ['web1', 'db 2'] });
      await expect(runAction(reboot, {}, fake)).rejects.toMatchObject({
        code: 'refused',
        message: 'not rebooted: 2 virtual machines run on it: web1, db 2',
        hint: 'move or stop them, or say what to do: guests: shutdown, managed_save or ignore',
      });
      expect(log).toEqual([]);
    });

    it.each([
      ['shutdown', ['virsh shutdown web1 web2']],
      ['managed_save', ['virsh managedsave web1 web2']],
      ['ignore', []],
    ] as const)('does as it is told: %s', async (guests, asked) => {
      const { fake, log } = host({ guests: ['web1', 'web2'], left: ['web2\n'] });
      expect(await runAction(reboot, { guests }, fake)).toMatchObject({ data: { rebooted: true } });
      expect(log.filter((line) => line.startsWith('virsh'))).toEqual(asked);
    });

    it.each([
      [
        'that virsh does not take',
        askGuests,
        { code: 1, stderr: 'error: domain is not running\n' },
        'virsh says error: domain is not running',
      ],
      ['that is asked for too long', askGuests, { timedOut: true, code: 255 }, 'after 120 s still there: web1'],
      ['that nobody can see go', guestsGone, { code: 2, stderr: 'no connection\n' }, 'virsh says no connection'],
    ])('does not reboot over one %s', async (_, script, how, message) => {
      const asked: string[] = [];
      const answer = (command: ProbeCommand) => {
        asked.push(scriptOf(command));
        if (scriptOf(command) === lookAtHost.script) return { stdout: 'old\n\nweb1\n' };
        return scriptOf(command) === script ? how : {};
      };
      const fake = fakeHost({ answer, pending: waiting });
      await expect(runAction(reboot, { guests: 'shutdown', guests_timeout: 120 }, fake)).rejects.toThrow(
        `not rebooted: ${message}`,
      );
      expect(asked).not.toContain(rebootSoon);
    });

    it('does not reboot over one that does not go', async () => {
      const { fake, log } = host({ guests: ['web1', 'web2'], left: ['web2\n'] });
      await expect(runAction(reboot, { guests: 'shutdown', guests_timeout: 5 }, fake)).rejects.toThrow(
        'not rebooted: after 5 s still there: web2',
      );
      expect(log).toEqual(['virsh shutdown web1 web2']);
    });
  });
});

// With nothing in PATH but stand-ins: nothing here can reboot the machine.
describe.each([['dash'], ['bash'], ['busybox', 'sh']])('the scripts in %s', (...shell) => {
  let folder: string;
  const tool = (name: string, body: string): void => {
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\nprintf '%s' "${name}" >>'${folder}/log'; for a; do printf ' <%s>' "$a" >>'${folder}/log'; done; echo >>'${folder}/log'\n${body}\n`,
    );
    chmodSync(join(folder, name), 0o755);
  };
  const run = (command: ProbeCommand) => localSh([...shell])(`PATH='${folder}'; ${compileProbe(command)}`);
  const log = () => readFileSync(join(folder, 'log'), 'utf8');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvmnet-reboot-'));
    for (const name of ['cat', 'sh']) symlinkSync(`/bin/${name}`, join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('find the guests that run', () => {
    tool('virsh', `printf 'web1\\ndb 2\\n\\n'`);
    const look = parseHostLook(run(lookAtHost));
    expect(look).toEqual({
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      guests: ['web1', 'db 2'],
    });
    expect(log()).toContain('<list> <--name> <--state-running>');
  });

  it('find none without libvirt', () => {
    expect(parseHostLook(run(lookAtHost)).guests).toEqual([]);
  });

  it('ask guests, and wait for them', () => {
    tool('virsh', 'case $1 in list) exit 0;; esac; test "$2" != bad');
    expect(run({ script: askGuests, args: ['shutdown', 'web1', '$(id)'] }).code).toBe(0);
    expect(run({ script: askGuests, args: ['shutdown', 'bad', 'web2'] }).code).toBe(1);
    expect(log()).toContain(
      'virsh <shutdown> <web1>\nvirsh <shutdown> <$(id)>\nvirsh <shutdown> <bad>\nvirsh <shutdown> <web2>\n',
    );
    expect(run({ script: guestsGone, args: ['5'] }).code).toBe(0);
    tool('virsh', 'echo web1');
    expect(run({ script: guestsGone, args: ['0'] })).toMatchObject({ code: 1, stdout: 'web1\n' });
    tool('virsh', 'echo no >&2; exit 1');
    expect(run({ script: guestsGone, args: ['5'] })).toMatchObject({ code: 2, stderr: 'no\n' });
  });

  it('set the reboot going, detached, with a word to the users', async () => {
    tool('wall', '/bin/cat >>"${0%/*}/log"');
    for (const name of ['setsid', 'nohup', 'systemd-run', 'systemctl', 'reboot', 'shutdown']) tool(name, '');
    expect(run({ script: rebootSoon, args: ['2', `it's "$(id)" time`] }).code).toBe(0);
    await expect
      .poll(log)
      .toMatch(
        /^wall\nit's "\$\(id\)" time\n(systemd-run <--quiet> <--on-active=2> <--timer-property=AccuracySec=100ms> <systemctl> <reboot>|setsid <sh> <-c> <sleep "\$1"; eval "\$2"> <sh> <2> <reboot \|\| shutdown -r now>)\n$/,
      );
  });

  it('run a line of shell', () => {
    expect(run(shellLine(`x='a "b"'; echo "$x" | cat; exit 4`))).toMatchObject({ code: 4, stdout: 'a "b"\n' });
  });
});
