import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Ports of the chain and the machine that is plugged into each: its link, in its own words. */
const plugs = [
  ['vr1-out', 'vr1', 'enp2s0'],
  ['vr1-in', 'vr1', 'enp3s0'],
  ['fw1-out', 'fw1', 'enp2s0'],
  ['fw1-in', 'fw1', 'enp3s0'],
  ['lb1-front', 'lb1', 'enp2s0'],
  ['lb1-back', 'lb1', 'enp3s0'],
  ['web1-in', 'web1', 'enp2s0'],
] as const;
const names = ['kvm01', 'vr1', 'fw1', 'lb1', 'web1'] as const;

/** Those that are guests, too; the firmware of each takes its share of the CPU. */
const guests = ['fw1', 'web1'];

/**
 * playbooks/nfv.yml with inventories/prod. The guests are defined and started, but have no disks: emulated they would take
 * minutes to boot. What the functions are inside are hosts of the lab, each plugged into its ports.
 */
describe.skipIf(noLab())('a chain of virtual network functions', () => {
  let lab: Lab;
  let hosts: readonly Host[];
  let client: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-nfv-'));
  const inventory = join(folder, 'lab.json');
  beforeAll(async () => {
    ({ lab } = await useLab());
    const nics = (n: number) =>
      n === 0
        ? Object.fromEntries([['uplink'], ...plugs].map(([segment], i) => [`eth${i + 1}`, { segment }]))
        : Object.fromEntries(
            plugs.flatMap(([segment, name, link]) => (name === names[n] ? [[link, { segment }] as const] : [])),
          );
    hosts = await lab.systemdHosts(names.length, { names, nics });
    [client] = (await lab.bareHosts(1, {
      prefix: 'client',
      nics: { eth1: { segment: 'uplink', addresses: ['198.51.100.10/24'] } },
    })) as [Host];
    const guest = (name: string, n: number) => ({
      name,
      guest: guests.includes(name),
      memory: 64,
      management: { mac: `52:54:00:20:00:1${n}`, ip: `10.20.0.1${n}` },
      ports: plugs.flatMap(([port, machine], i) =>
        machine === name ? [{ name: port, mac: `52:54:00:20:01:1${i}` }] : [],
      ),
    });
    const ofLab = {
      kvm01: {
        ovs_datapath: 'netdev',
        vnf_type: 'qemu',
        vnfs: names.slice(1).map(guest),
        vnf_links: Object.fromEntries(plugs.map(([port], i) => [port, `eth${i + 2}`])),
      },
      ...Object.fromEntries(
        names
          .slice(1)
          .map((name) => [name, { offloads: { tx: false }, kvmnet_jump: `root@${hosts[0]?.address ?? ''}` }]),
      ),
    };
    writeFileSync(inventory, JSON.stringify({ all: { hosts: ofLab } }));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const host of [...hosts, client]) await host.remove();
  });

  const sh = (host: Host, script: string): Promise<string> => host.read(['sh', '-c', script]);
  const named = (name: (typeof names)[number]): Host => lab.host(name);
  const play = (args: readonly string[] = []): Promise<Played> =>
    // The last inventory that names a host says how it is reached: kvmnet's own argument for that of the lab comes last.
    playOn(lab, root('playbooks/nfv.yml'), hosts, ['-i', root('inventories/prod'), '-i', inventory, ...args]);
  const problems = ({ tasks, stderr }: Played) => [
    stderr,
    ...tasks.flatMap(({ host, task, failure }) =>
      failure === undefined ? [] : [`${host}, ${task}: ${failure.message}`],
    ),
  ];

  it('is made in one run, and the next finds nothing to do', async () => {
    const first = await play();
    expect(problems(first)).toEqual(['']);
    expect(first.code).toBe(0);
    const second = await play();
    expect(problems(second)).toEqual(['']);
    expect(second.tasks.filter(({ status }) => status === 'changed')).toEqual([]);
    expect((await sh(named('kvm01'), 'virsh list --name --autostart')).trim().split('\n').toSorted()).toEqual(guests);
  }, 600_000);

  it('is there again after a reboot of everything', async () => {
    await Promise.all(hosts.map((host) => host.reboot()));
    const check = await play(['--check']);
    expect(problems(check)).toEqual(['']);
    expect(check.tasks.filter(({ status }) => !['ok', 'skipped'].includes(status))).toEqual([]);
  }, 600_000);

  it('answers a request, which passes each function in order, and lets nothing else through', async () => {
    // What comes in over a link of the lab has no checksum yet, and a switch in userspace does not notice.
    await sh(client, 'ethtool -K eth1 tx off; ip route replace 203.0.113.10 via 198.51.100.1');
    const ask = async (path: string, port = 80): Promise<string> => {
      const script = `printf 'GET %s HTTP/1.0\\r\\n\\r\\n' "$1" | nc -w 3 203.0.113.10 "$2"`;
      return (await client.outside(['sh', '-c', script, 'sh', path, `${port}`])).stdout;
    };
    // Until OSPF has brought the route, and haproxy has seen that the web server is there.
    await expect.poll(() => ask('/'), { timeout: 60_000 }).toContain('served by web1');

    const before = await counters();
    const listener = sh(
      named('kvm01'),
      "timeout 8 tcpdump -l -A -n -i any 'tcp dst port 80 and greater 60' 2>/tmp/tcpdump || :",
    );
    await sh(named('kvm01'), 'until grep -q listening /tmp/tcpdump; do sleep 0.05; done');
    expect(await ask('/index.html?in-order')).toContain('x-served-by: web1');
    expect(await ask('/', 8080)).toBe('');
    // Frames with the request, in the order in which the links of the host of the chain saw them: into the host from one
    // function, out of it to the next. The guests that have no inside hear the first ones as well.
    const path = (await listener)
      .split(/^(?=\d\d:\d\d:\d\d\.\d+ )/m)
      .filter((frame) => frame.includes('GET /index.html?in-order'))
      .flatMap((frame) => /^\S+ (eth\d)/.exec(frame)?.[1] ?? []);
    expect(path).toEqual(['eth1', 'eth2', 'eth3', 'eth4', 'eth5', 'eth6', 'eth7', 'eth8']);

    const after = await counters();
    expect(Object.keys(after.flows).toSorted()).toEqual(['eth1', ...plugs.map(([port]) => port)].toSorted());
    for (const [port, packets] of Object.entries(after.flows))
      expect({ port, more: packets > (before.flows[port] ?? 0) }).toEqual({ port, more: true });
    expect(after.translated - before.translated).toBe(1);
    expect(after.accepted - before.accepted).toBe(1);
    expect(after.dropped - before.dropped).toBeGreaterThan(0);
    expect(after.balanced - before.balanced).toBe(1);
    expect(
      await sh(named('web1'), "grep -c 'GET /index.html?in-order HTTP/1[^ ]* 200' /var/log/nginx/access.log"),
    ).toBe('1\n');

    // No way around: without the firewall nobody gets to the web server.
    await sh(named('fw1'), 'ip link set enp3s0 down');
    expect(await ask('/')).not.toContain('served by');
  }, 120_000);

  /** What each hop has counted so far. */
  async function counters() {
    const [flows, rules, balancer] = await Promise.all([
      sh(named('kvm01'), 'ovs-ofctl --names dump-flows br-sfc'),
      sh(named('fw1'), 'iptables-save -c'),
      sh(named('lb1'), 'echo "show stat" | nc -U /run/haproxy/admin.sock'),
    ]);
    const rule = (end: RegExp): number =>
      Number(new RegExp(`^\\[(\\d+):\\d+\\] -A KVMNET-.*${end.source}$`, 'm').exec(rules)?.[1]);
    return {
      flows: Object.fromEntries(
        [...flows.matchAll(/n_packets=(\d+),.* in_port="?([\w-]+)/g)].map(([, n, port = '']) => [port, Number(n)]),
      ),
      translated: rule(/-j DNAT --to-destination 10\.20\.2\.10:80/),
      accepted: rule(/--dport 80 -m conntrack --ctstate NEW -j ACCEPT/),
      dropped: rule(/-i enp2s0 -j DROP/),
      balanced: Number(/^web,web1,(?:[^,]*,){5}(\d+),/m.exec(balancer)?.[1]),
    };
  }
});
