import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pLimit from 'p-limit';
import { differences, type Host, type Lab, type Snapshot } from './index.ts';
import { openVSwitch, openVSwitchService } from './conformance/setups.ts';
import { kvmnetOn, playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';
import { until } from './process.ts';
import { HUB_ADDRESS, ourEnd } from './wiring.ts';

// Seconds. Long enough for all hosts to be asked at once, on a machine that does other things as well.
const window = 10;

const noConnection = `no new connection could be made within ${window} s; the host has taken the change back`;

interface Case {
  readonly what: string;
  readonly tasks: string;
  readonly crossing: string;
  /** A change of the same that is right. */
  readonly right: string;
}

const cases: readonly Case[] = [
  {
    what: 'INPUT with policy DROP and no rule for SSH',
    tasks: '- iptables: { chain: INPUT, policy: DROP, rules: ["-i lo -j ACCEPT"] }',
    crossing: 'chain filter/INPUT',
    right: '- iptables: { chain: INPUT, policy: DROP, rules: ["-p tcp --dport 22 -j ACCEPT"] }',
  },
  {
    what: 'the link of the session down',
    tasks: '- link: { name: eth0, up: no }',
    crossing: 'interface eth0',
    right: '- link: { name: eth0, mtu: 1400 }',
  },
  {
    what: 'a wrong address',
    tasks: '- link: { name: eth0, addresses: [10.98.0.1/24], exact_addresses: yes }',
    crossing: 'address ADDRESS/16',
    right: '- link: { name: eth0, addresses: ["ADDRESS/16", 10.97.99.99/16] }',
  },
  {
    what: 'a bridge that swallows the uplink',
    // Without spanning tree Linux may still answer for the address on the port, over the bridge.
    tasks: '- bridge: { name: br-oops, ports: [eth0], stp: yes }',
    crossing: 'interface eth0',
    right: '- bridge: { name: br-oops, ports: [eth0], move_ip_from: eth0 }',
  },
  {
    what: 'a wrong route',
    tasks: `- link: { name: eth0, routes: [{ to: ${HUB_ADDRESS}/32, via: 10.97.255.1 }] }`,
    crossing: `route ${HUB_ADDRESS}`,
    right: `- link: { name: eth0, routes: [{ to: ${HUB_ADDRESS}/32 }] }`,
  },
  {
    what: 'keys of others only',
    tasks: '- copy: { dest: /etc/ssh/lab_authorized_keys, content: "# nobody\\n" }',
    crossing: 'file /etc/ssh/lab_authorized_keys',
    right: '- line_in_file: { path: /etc/ssh/lab_authorized_keys, line: "# ours" }',
  },
];

/** On hosts whose address is on a bridge of Open vSwitch, which has the uplink as a port. */
const wrongVlan: Case = {
  what: 'a wrong VLAN',
  tasks: '- ovs_port: { bridge: br-mgmt, name: eth0, tag: 999 }',
  crossing: 'interface eth0',
  // What comes without a tag is in VLAN 0.
  right: '- ovs_port: { bridge: br-mgmt, name: eth0, trunks: [0, 10] }',
};

// What logging in and out leaves running for a moment is no change, nor is what is kept for `kvmnet undo`.
const noise = /units . (user(@|-runtime-dir@)|session-)|\/var\/lib\/kvmnet(\/undo|$)/;

describe.skipIf(noLab())('nobody is locked out', () => {
  let lab: Lab;
  let bare: readonly Host[];
  let systemd: readonly Host[];
  let before: ReadonlyMap<string, Snapshot>;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-lockout-'));
  const runs = join(folder, 'runs');
  const fewAtOnce = pLimit(4);
  const all = (): readonly Host[] => [...bare, ...systemd];
  const onEach = async <T>(hosts: readonly Host[], work: (host: Host) => Promise<T>): Promise<readonly T[]> =>
    await Promise.all(hosts.map((host) => fewAtOnce(() => work(host))));

  const readAll = async (): Promise<void> => {
    before = new Map(await onEach(all(), async (host) => [host.name, await host.snapshot()] as const));
  };

  beforeAll(async () => {
    ({ lab } = await useLab());
    bare = await lab.bareHosts(20, { prefix: 'lockb' });
    systemd = await lab.systemdHosts(5, { prefix: 'locks' });
    // sshd answers a moment before networkd is done.
    await onEach(systemd, async (host) => {
      const configured = async () =>
        (await host.outside(['ip', 'route', 'show', 'default'])).stdout !== '' || undefined;
      await until(`${host.name} to have its routes`, 30, configured);
    });
    await readAll();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await onEach(all(), (host) => host.remove());
  });

  let files = 0;
  const play = (text: string, hosts: readonly Host[], args: readonly string[] = []): Promise<Played> => {
    const file = join(folder, `site${files++}.yml`);
    writeFileSync(file, `- hosts: all\n  tasks:\n${text.replace(/^/gm, '    ')}\n`);
    return playOn(lab, file, hosts, ['-f', '50', '--confirm-timeout', `${window}`, '--runs-dir', runs, ...args]);
  };

  /** The exit code of a login to each. */
  const reached = (hosts: readonly Host[]): Promise<readonly (number | null)[]> =>
    onEach(hosts, async (host) => (await lab.ssh(host, 'true')).code);

  const changed = (hosts: readonly Host[]): Promise<readonly (readonly string[])[]> =>
    onEach(hosts, async (host) => {
      const was = before.get(host.name) ?? {};
      return differences(was, await host.snapshot()).filter((line) => !noise.test(line));
    });

  /** How often somebody has logged in to each. */
  const logins = (hosts: readonly Host[]): Promise<readonly number[]> =>
    onEach(hosts, async (host) => {
      const log =
        host.record.kind === 'bare' ? 'cat /var/log/sshd.log' : 'journalctl --sync; journalctl -u ssh --no-pager';
      return Number(await host.read(['sh', '-c', `${log} | grep -c Accepted || :`]));
    });

  /** They are locked out for a moment, and the report says why. @returns the exit code */
  const lockOut = async ({ tasks, crossing }: Case, hosts: readonly Host[]): Promise<number> => {
    const played = await play(tasks, hosts);
    const told = new Map(played.tasks.map((task) => [task.host, { status: task.status, failure: task.failure }]));
    for (const host of hosts) {
      const touched = crossing.replace('ADDRESS', host.address);
      expect({ host: host.name, ...told.get(host.name) }).toMatchObject({
        host: host.name,
        status: 'failed',
        failure: {
          code: 'taken-back',
          message: noConnection,
          hint: expect.stringContaining(`it touched the path of this session: ${touched}`) as string,
        },
      });
    }
    return played.code;
  };

  // A session that is silent for seconds because the machine has too much to do is given up, and that would count.
  const calmly = ['-f', '5', '--confirm-timeout', '60'];

  /** A change of the same that is right, and its undo. @returns how often the change has logged in to each */
  const rightOne = async ({ right }: Case, hosts: readonly Host[]): Promise<readonly number[]> => {
    const first = await logins(hosts);
    const played = await play(right.replace('ADDRESS', '{{ kvmnet_host }}'), hosts, calmly);
    const failed = played.tasks.filter(({ status }) => status !== 'changed');
    expect({ code: played.code, failed }).toEqual({ code: 0, failed: [] });
    expect(played.tasks.map(({ host }) => host).toSorted()).toEqual(hosts.map(({ name }) => name).toSorted());
    const second = await logins(hosts);
    const undone = await kvmnetOn(lab, ['undo', 'last', '--runs-dir', runs, ...calmly]);
    expect({ code: undone.code, failures: undone.tasks.filter(({ failure }) => failure !== undefined) }).toEqual({
      code: 0,
      failures: [],
    });
    return second.map((count, i) => count - (first[i] ?? 0));
  };
  const some = (): readonly Host[] => [...bare.slice(0, 5), ...systemd];
  /** One to make the change, one more to prove it. */
  const oneMore = (): readonly number[] => some().map(() => 2);

  it.each(cases)('by $what', async (item) => {
    expect(await lockOut(item, all())).toBe(2);
    expect(await reached(all())).toEqual(all().map(() => 0));
  });

  it('and all of them are as they were before', async () => {
    expect(await changed(all())).toEqual(all().map(() => []));
  });

  it.each(cases)('and a change that is right costs one connection more: beside $what', async (item) => {
    expect(await rightOne(item, some())).toEqual(oneMore());
  });

  it('and all of them are as they were before that, too', async () => {
    expect(await changed(all())).toEqual(all().map(() => []));
  });

  it('by a wrong VLAN of the uplink, nor by a right one', async () => {
    // Frames that come out of a veth have no checksums yet: a datapath in userspace would pass them on like that.
    const plain = 'ethtool -K eth0 tx off >/dev/null';
    await onEach(all(), async (host) => {
      const start = host.record.kind === 'bare' ? openVSwitch : openVSwitchService;
      await host.read(['sh', '-c', `${start}\n${plain}`]);
      await lab.inside(['ethtool', '-K', ourEnd(host.record, 'eth0'), 'tx', 'off']);
    });
    const move = '- ovs_bridge: { name: br-mgmt, datapath_type: netdev, move_ip_from: eth0 }';
    const moved = await play(move, all(), calmly);
    const failed = moved.tasks.filter(({ status }) => status !== 'changed');
    expect({ code: moved.code, failed }).toEqual({ code: 0, failed: [] });
    await readAll();
    expect(await lockOut(wrongVlan, all())).toBe(2);
    expect(await reached(all())).toEqual(all().map(() => 0));
    expect(await changed(all())).toEqual(all().map(() => []));
    expect(await rightOne(wrongVlan, some())).toEqual(oneMore());
    expect(await changed(all())).toEqual(all().map(() => []));
  }, 400_000);
});
