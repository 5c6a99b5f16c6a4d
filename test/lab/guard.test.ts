import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, type Host, type Lab, type Snapshot } from './index.ts';
import { kvmnetOn, playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

/** What logging in and out leaves running for a moment is no change, nor is what is kept for `kvmnet undo`. */
const changed = (before: Snapshot, after: Snapshot): readonly string[] =>
  differences(before, after).filter((line) => !/units . user(@|-runtime-dir@)|\/var\/lib\/kvmnet(\/undo|$)/.test(line));

const lockOut = '- hosts: all\n  tasks:\n    - iptables: { chain: INPUT, rules: ["-p tcp --dport 22 -j DROP"] }\n';
const harmless = '- hosts: all\n  tasks:\n    - iptables: { chain: INPUT, rules: ["-p tcp --dport 22 -j ACCEPT"] }\n';

describe.skipIf(noLab())('a change of our own path', () => {
  let lab: Lab;
  let bare: Host;
  let systemd: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-guard-'));
  beforeAll(async () => {
    ({ lab } = await useLab());
    [bare] = (await lab.bareHosts(1, { prefix: 'guardb' })) as [Host];
    [systemd] = (await lab.systemdHosts(1, { prefix: 'guards' })) as [Host];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await bare.remove();
    await systemd.remove();
  });

  const play = (text: string, host: Host, args: readonly string[] = []): Promise<Played> => {
    const file = join(folder, 'site.yml');
    writeFileSync(file, text);
    return playOn(lab, file, host, ['--confirm-timeout', '5', ...args]);
  };

  const hosts = (): [string, Host][] => [
    ['without systemd', bare],
    ['with systemd', systemd],
  ];

  it('is said in check mode, before it is made', async () => {
    const { tasks } = await play(lockOut, systemd, ['--check']);
    expect(tasks[0]).toMatchObject({
      status: 'would-change',
      warnings: expect.arrayContaining(['would touch the path of this session: chain filter/INPUT']) as string[],
    });
  });

  it('that locks us out is taken back by the host itself, and the task says so', async () => {
    for (const [, host] of hosts()) {
      const before = await host.snapshot();
      const { code, tasks, seconds } = await play(lockOut, host);
      expect(tasks[0]).toMatchObject({
        status: 'failed',
        failure: {
          code: 'taken-back',
          message: 'no new connection could be made within 5 s; the host has taken the change back',
        },
      });
      expect(code).toBe(2);
      expect(seconds).toBeLessThan(30);
      expect(changed(before, await host.snapshot())).toEqual([]);
      expect((await lab.ssh(host, 'true')).code).toBe(0);
      expect((await host.outside(['ls', '/var/lib/kvmnet/confirm'])).code).not.toBe(0);
    }
  });

  it('that is right stays, and leaves nothing armed', async () => {
    for (const [, host] of hosts()) {
      const { tasks, code, stderr } = await play(harmless, host);
      expect({ status: tasks[0]?.status, failure: tasks[0]?.failure, code, stderr }).toMatchObject({
        status: 'changed',
        code: 0,
      });
      expect(await host.read(['iptables-save'])).toContain('--dport 22 -j ACCEPT');
      expect((await host.outside(['ls', '/var/lib/kvmnet/confirm'])).code).not.toBe(0);
      expect(await host.read(['sh', '-c', 'ls /etc/systemd/system | grep confirm || :'])).toBe('');
      expect((await play(harmless, host)).recap(host)).toMatchObject({ ok: 1, changed: 0 });
    }
  });

  it('is guarded as well where somebody logs in as another user and becomes root', async () => {
    const wrong = lockOut.replace('  tasks', '  become: true\n  tasks');
    const right = '- hosts: all\n  become: true\n  tasks:\n    - link: { name: eth0, mtu: 1400 }\n';
    const by = (method: string): string[] => ['-e', `kvmnet_user=auto kvmnet_become_method=${method}`];
    for (const [host, method] of [
      [bare, 'sudo'],
      [bare, 'doas'],
      [systemd, 'sudo'],
    ] as const) {
      const before = await host.snapshot();
      const checked = await play(wrong, host, ['--check', ...by(method)]);
      expect(checked.tasks[0]?.warnings).toContain('would touch the path of this session: chain filter/INPUT');
      const { code, tasks } = await play(wrong, host, by(method));
      expect({ method, code, failure: tasks[0]?.failure }).toMatchObject({
        method,
        code: 2,
        failure: {
          code: 'taken-back',
          message: 'no new connection could be made within 5 s; the host has taken the change back',
        },
      });
      expect(changed(before, await host.snapshot())).toEqual([]);
      const runs = ['--runs-dir', join(folder, 'runs')];
      const stays = await play(right, host, ['--confirm-timeout', '30', ...runs, ...by(method)]);
      expect({ code: stays.code, status: stays.tasks[0]?.status }).toEqual({ code: 0, status: 'changed' });
      expect(await host.read(['cat', '/sys/class/net/eth0/mtu'])).toBe('1400\n');
      const back = await kvmnetOn(lab, ['undo', 'last', ...runs, '--confirm-timeout', '30', ...by(method)]);
      expect({ code: back.code, stderr: back.stderr }).toEqual({ code: 0, stderr: '' });
      expect(changed(before, await host.snapshot())).toEqual([]);
    }
  }, 400_000);

  it('is taken back where a check of the play fails', async () => {
    const before = await systemd.snapshot();
    const text = `- hosts: all
  confirm:
    - { name: the gateway answers, command: "false" }
  tasks:
    - iptables: { name: more, chain: INPUT, rules: ["-p tcp --dport 2222 -j ACCEPT"] }
`;
    const { tasks, code } = await play(text, systemd);
    expect(tasks.at(-1)?.failure?.message).toMatch(
      /^the check "the gateway answers" failed.*; the host has taken the change back$/,
    );
    expect(code).toBe(2);
    expect(changed(before, await systemd.snapshot())).toEqual([]);
  });

  it('is taken back by the next boot where the host restarts inside of the window', async () => {
    const before = await systemd.read([
      'sh',
      '-c',
      'iptables-save | grep -v "^[#:]"; ls /etc/systemd/system /etc/kvmnet/boot 2>/dev/null || :',
    ]);
    const text =
      '- hosts: all\n  tasks:\n    - iptables: { name: lock, position: first, chain: INPUT, rules: ["-p tcp --dport 22 -j DROP"] }\n';
    const running = play(text, systemd, ['--confirm-timeout', '60']);
    for (let i = 0; i < 100 && !(await systemd.read(['iptables-save'])).includes('--dport 22 -j DROP'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await systemd.reboot();
    const { tasks } = await running;
    expect(tasks.at(-1)?.status).not.toBe('changed');
    await expect
      .poll(
        () =>
          systemd.read([
            'sh',
            '-c',
            'iptables-save | grep -v "^[#:]"; ls /etc/systemd/system /etc/kvmnet/boot 2>/dev/null || :',
          ]),
        { timeout: 20_000 },
      )
      .toBe(before);
  });
});
