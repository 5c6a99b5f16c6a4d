import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openVSwitch, openVSwitchService } from './conformance/setups.ts';
import { differences, type Host, type Lab } from './index.ts';
import { main, playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';
import { ourEnd } from './wiring.ts';

// What logging in and out leaves running for a moment is no change, nor is what is kept for `kvmnet undo`.
const noise = /units . user(@|-runtime-dir@)|\/var\/lib\/kvmnet(\/undo|$)/;

describe.skipIf(noLab())('the confirm window', () => {
  let lab: Lab;
  let bare: Host;
  let systemd: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-window-'));
  beforeAll(async () => {
    ({ lab } = await useLab());
    [bare] = (await lab.bareHosts(1, { prefix: 'windowb' })) as [Host];
    [systemd] = (await lab.systemdHosts(1, { prefix: 'windows' })) as [Host];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await bare.remove();
    await systemd.remove();
  });

  const written = (tasks: string, more = ''): string => {
    const file = join(folder, `site${Math.random().toString(36).slice(2)}.yml`);
    writeFileSync(file, `- hosts: all\n${more}  tasks:\n${tasks.trim().replace(/^/gm, '    ')}\n`);
    return file;
  };
  const play = (tasks: string, host: Host, args: readonly string[] = [], more = ''): Promise<Played> =>
    playOn(lab, written(tasks, more), host, ['--confirm-timeout', '30', ...args]);
  const statuses = ({ tasks }: Played): readonly string[] => tasks.map(({ task, status }) => `${task}: ${status}`);
  const both = (): readonly Host[] => [bare, systemd];

  /** How often somebody has logged in. */
  const logins = async (host: Host): Promise<number> => {
    const log = host === bare ? 'cat /var/log/sshd.log' : 'journalctl -u ssh --no-pager';
    return Number(await host.read(['sh', '-c', `${log} | grep -c Accepted || :`]));
  };
  const leftovers = async (host: Host): Promise<string> =>
    await host.read(['sh', '-c', 'ls /var/lib/kvmnet/confirm /etc/systemd/system/kvmnet-confirm* 2>/dev/null || :']);

  beforeEach(async () => {
    const script = `ip link set eth0 mtu 1500 alias ''; for t in iptables ip6tables; do
  for c in INPUT OUTPUT FORWARD; do $t -P $c ACCEPT; done; $t -F; $t -X; done; rm -rf /tmp/checks /etc/kvmnet
for u in /etc/systemd/system/kvmnet-*; do rm -f "$u" /etc/systemd/system/*.wants/"\${u##*/}"; done
find /etc/systemd/system -name "*.device.wants" -empty -delete`;
    for (const host of both()) await host.read(['sh', '-c', script]);
  });

  it('costs one connection more for a change of our own link that is right', async () => {
    for (const host of both()) {
      const before = await logins(host);
      const right = await play('- link: { name: eth0, mtu: 1400 }', host);
      expect(statuses(right)).toEqual(['link: changed']);
      expect(right.code).toBe(0);
      expect((await logins(host)) - before).toBe(2);
      expect(await host.read(['cat', '/sys/class/net/eth0/mtu'])).toBe('1400\n');
      expect(await leftovers(host)).toBe('');
      // What it reads, the path, the change, what came of it, and the end of the window.
      expect(right.recap(host).round_trips).toBeLessThanOrEqual(5);
      expect((await play('- link: { name: eth0, mtu: 1500 }', host)).recap(host)).toMatchObject({
        changed: 1,
        failed: 0,
      });
    }
  });

  it('is shared by changes in a row, by turns of a loop as well, and closed before anything else', async () => {
    const tasks = `
- iptables: { name: "{{ item }}", chain: INPUT, rules: ["-p tcp --dport 2{{ item }} -j ACCEPT"] }
  loop: ["21", "22"]
- link: { name: eth0, mtu: 1400 }
- link: { name: eth0, alias: mgmt }
`;
    for (const host of both()) {
      const before = await logins(host);
      const { code, recap } = await play(tasks, host);
      expect({ code, ...recap(host) }).toMatchObject({ code: 0, changed: 4, failed: 0 });
      expect((await logins(host)) - before).toBe(2);
      expect(await leftovers(host)).toBe('');
    }
  });

  it('takes all of them back where the last one is wrong, and the recap says so', async () => {
    const tasks = `
- name: a longer queue
  link: { name: eth0, mtu: 1400 }
- name: one rule
  iptables: { chain: OUTPUT, rules: ["-p tcp --dport 9 -j ACCEPT"] }
- name: nobody comes in
  iptables: { chain: INPUT, policy: DROP, rules: ["-m conntrack --ctstate ESTABLISHED -j ACCEPT"] }
`;
    for (const host of both()) {
      const before = await host.snapshot();
      const played = await play(tasks, host, ['--confirm-timeout', '10']);
      expect(statuses(played)).toEqual([
        'a longer queue: changed',
        'one rule: changed',
        'a longer queue: failed',
        'one rule: failed',
        'nobody comes in: failed',
      ]);
      const [, , first, , last] = played.tasks;
      expect(last?.failure).toMatchObject({
        code: 'taken-back',
        message:
          'no new connection could be made within 10 s; the host has taken the change, and with it "a longer queue", "one rule" back',
      });
      expect(first?.failure?.message).toBe(
        'it was taken back by the host: "nobody comes in" failed: no new connection could be made within 10 s',
      );
      expect({ code: played.code, ...played.recap(host) }).toMatchObject({ code: 2, changed: 0, failed: 3 });
      expect(differences(before, await host.snapshot()).filter((line) => !noise.test(line))).toEqual([]);
    }
  });

  it('is not shared with a task whose failure is judged otherwise', async () => {
    const tasks = `
- link: { name: eth0, mtu: 1400 }
- name: may fail
  iptables: { chain: INPUT, policy: DROP, rules: ["-i lo -j ACCEPT"] }
  ignore_errors: yes
`;
    const played = await play(tasks, bare, ['--confirm-timeout', '8']);
    expect(statuses(played)).toEqual(['link: changed', 'may fail: ignored']);
    expect(await bare.read(['cat', '/sys/class/net/eth0/mtu'])).toBe('1400\n');
  });

  it('closes once for a row, with the checks of the play', async () => {
    const confirm =
      '  confirm:\n    - link: { name: eth0, up: yes }\n    - { name: seen, shell: "echo x >>/tmp/checks; [ $(wc -l </tmp/checks) = 1 ]" }\n';
    const tasks =
      '- link: { name: eth0, mtu: 1400 }\n- iptables: { chain: OUTPUT, rules: ["-p tcp --dport 9 -j ACCEPT"] }';
    const { code, recap } = await play(tasks, bare, [], confirm);
    expect({ code, ...recap(bare) }).toMatchObject({ code: 0, changed: 3, failed: 0 });
    expect(await bare.read(['cat', '/tmp/checks'])).toBe('x\n');
  });

  it('is left to the host where the controller is killed, or interrupted, within it', async () => {
    const rule = '- iptables: { chain: INPUT, rules: ["-p tcp --dport 9 -j ACCEPT"] }';
    const confirm = '  confirm:\n    - { name: slow, command: sleep 60 }\n';
    for (const [host, signal] of [
      [bare, 'SIGKILL'],
      [systemd, 'SIGKILL'],
      [bare, 'SIGINT'],
    ] as const) {
      const before = await host.snapshot();
      const argv = [process.execPath, main, 'play', written(rule, confirm), '-i', lab.inventoryPath, '-l', host.name];
      const run = lab.spawn([...argv, '--confirm-timeout', '8']);
      await expect.poll(() => host.read(['iptables-save']), { timeout: 20_000 }).toContain('--dport 9 -j ACCEPT');
      run.kill(signal);
      await expect.poll(() => host.read(['iptables-save']), { timeout: 20_000 }).not.toContain('--dport 9 -j ACCEPT');
      await expect
        .poll(
          async () =>
            differences(before, await host.snapshot()).filter((line) => !/kvmnet/.test(line) && !noise.test(line)),
          {
            timeout: 10_000,
          },
        )
        .toEqual([]);
    }
  });

  it('brings sshd back where it was stopped', async () => {
    const { tasks, code } = await play('- service: { name: ssh, state: stopped }', systemd, ['--confirm-timeout', '8']);
    expect(tasks[0]?.failure).toMatchObject({
      message: 'no new connection could be made within 8 s; the host has taken the change back',
      hint: expect.stringContaining('it touched the path of this session: service ssh') as string,
    });
    expect(code).toBe(2);
    expect((await lab.ssh(systemd, 'true')).code).toBe(0);
  });

  it('is not opened with --no-confirm', async () => {
    const before = await logins(bare);
    const { code } = await play('- link: { name: eth0, mtu: 1400 }\n- link: { name: eth0, mtu: 1500 }', bare, [
      '--no-confirm',
    ]);
    expect(code).toBe(0);
    expect((await logins(bare)) - before).toBe(1);
  });

  it('guards the address of administration on its way to a bridge, and back', async () => {
    for (const host of both()) {
      const before = await host.snapshot();
      const there = await play('- bridge: { name: br-mgmt, ports: [eth0], move_ip_from: eth0 }', host);
      expect({ code: there.code, tasks: statuses(there), failure: there.tasks[0]?.failure }).toEqual({
        code: 0,
        tasks: ['bridge: changed'],
        failure: undefined,
      });
      expect(await host.read(['ip', '-br', 'addr', 'show', 'dev', 'br-mgmt'])).toContain(host.address);
      expect(
        (await play('- bridge: { name: br-mgmt, ports: [eth0], move_ip_from: eth0 }', host)).recap(host),
      ).toMatchObject({
        ok: 1,
        changed: 0,
      });
      const back = await play('- bridge: { name: br-mgmt, ports: [eth0], move_ip_from: eth0, state: absent }', host);
      expect({ code: back.code, tasks: statuses(back) }).toEqual({ code: 0, tasks: ['bridge: changed'] });
      expect(differences(before, await host.snapshot()).filter((line) => !noise.test(line))).toEqual([]);
    }
  });

  it('does so on its way to a bridge of Open vSwitch, where a wrong VLAN is taken back', async () => {
    // Frames that come out of a veth have no checksums yet: a datapath in userspace would pass them on like that.
    const plain = 'ethtool -K eth0 tx off >/dev/null';
    for (const host of both()) {
      await host.read(['sh', '-c', `${host === bare ? openVSwitch : openVSwitchService}\n${plain}`]);
      await lab.inside(['ethtool', '-K', ourEnd(host.record, 'eth0'), 'tx', 'off']);
      const move = '- ovs_bridge: { name: br-mgmt, datapath_type: netdev, move_ip_from: eth0 }';
      const there = await play(move, host);
      expect({ code: there.code, tasks: statuses(there), failure: there.tasks[0]?.failure }).toEqual({
        code: 0,
        tasks: ['ovs_bridge: changed'],
        failure: undefined,
      });
      expect((await play(move, host)).recap(host)).toMatchObject({ ok: 1, changed: 0 });
      const before = await host.snapshot();
      const wrong = await play('- ovs_port: { bridge: br-mgmt, name: eth0, tag: 999 }', host, [
        '--confirm-timeout',
        '10',
      ]);
      expect(wrong.tasks[0]?.failure).toMatchObject({
        message: 'no new connection could be made within 10 s; the host has taken the change back',
        hint: expect.stringContaining('it touched the path of this session: interface eth0') as string,
      });
      expect(wrong.code).toBe(2);
      expect(differences(before, await host.snapshot()).filter((line) => !noise.test(line))).toEqual([]);
    }
  });
});
