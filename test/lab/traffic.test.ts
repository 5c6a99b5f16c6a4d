import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

type Tasks = readonly object[];

/**
 * What the modules are for: packets that really go where the play says. Three hosts in a row, `left - middle - right`, which
 * share one fabric as well; the plays are the real command's, the packets are counted by plain tools.
 */
describe.skipIf(noLab())('traffic', () => {
  let lab: Lab;
  let left: Host;
  let middle: Host;
  let right: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-traffic-'));
  beforeAll(async () => {
    ({ lab } = await useLab());
    const wires: readonly (readonly string[])[] = [
      ['fabric', 'in', 'sfc-in'],
      ['fabric', 'in', 'out', 'sfc-in', 'sfc-out'],
      ['fabric', 'out', 'sfc-out'],
    ];
    const nics = (n: number) =>
      Object.fromEntries((wires[n] ?? []).map((name, i) => [`eth${i + 1}`, { segment: `tr-${name}` }]));
    [left, middle, right] = (await lab.systemdHosts(3, { prefix: 'traf', nics })) as [Host, Host, Host];
    await middle.read(['systemctl', 'start', 'openvswitch-switch']);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const host of [left, middle, right]) await host.remove();
  });

  const sh = (host: Host, script: string): Promise<string> => host.read(['sh', '-c', script]);
  /** One play for each host, in one run. */
  const play = async (plays: readonly (readonly [Host, Tasks])[], args: readonly string[] = []): Promise<Played> => {
    const file = join(folder, 'site.yml');
    const text = plays.map(([host, tasks]) => ({ hosts: host.name, gather_facts: false, tasks }));
    writeFileSync(file, JSON.stringify(text, null, 2)); // JSON is YAML
    const played = await playOn(
      lab,
      file,
      plays.map(([host]) => host),
      args,
    );
    const failures = played.tasks.flatMap(({ failure }) => failure ?? []);
    expect({ code: played.code, failures, stderr: played.stderr }).toEqual({ code: 0, failures: [], stderr: '' });
    return played;
  };
  /** A run that changes things, and one that finds nothing to do. */
  const settle = async (plays: readonly (readonly [Host, Tasks])[]): Promise<void> => {
    await play(plays);
    expect((await play(plays)).tasks.filter(({ status }) => status === 'changed')).toEqual([]);
  };
  /** Whether three pings are all answered; with a size, in one piece. */
  const answers = async (from: Host, to: string, size?: number): Promise<boolean> => {
    const one = size === undefined ? [] : ['-M', 'do', '-s', `${size}`];
    return (await from.outside(['ping', '-q', '-c', '3', '-i', '0.1', '-W', '1', ...one, to])).code === 0;
  };
  const address = (name: string, cidr: string, mtu?: number) => ({
    link: { name, up: true, addresses: [cidr], ...(mtu === undefined ? {} : { mtu }) },
  });

  describe('a vxlan between two hosts', () => {
    const sides = (): readonly (readonly [Host, number, Host, number])[] => [
      [left, 1, right, 2],
      [right, 2, left, 1],
    ];
    /** Packets that had to be cut into pieces, as the kernel of the host counts them. */
    const cut = async (host: Host): Promise<number> =>
      Number(/IpFragCreates\s+(\d+)/.exec(await sh(host, 'nstat -asz IpFragCreates'))?.[1]);

    it.each([
      { ways: 'unicast', vni: 100, underlay: 1500, net: 100 },
      { ways: 'unicast over jumbo frames', vni: 101, underlay: 9000, net: 101 },
      { ways: 'a multicast group', vni: 102, underlay: 9000, net: 102 },
    ])('carries packets by $ways, as large as it says and not a byte more', async ({ ways, vni, underlay, net }) => {
      const ends =
        ways === 'a multicast group'
          ? () => ({ group: '239.1.1.1', dev: 'eth1' })
          : (there: number) => ({ remotes: [`10.60.0.${there}`] });
      const name = `vxlan${vni}`;
      await settle(
        sides().map(([host, here, , there]) => [
          host,
          [
            address('eth1', `10.60.0.${here}/24`, underlay),
            { vxlan: { name, vni, local: `10.60.0.${here}`, bridge: `br-t${vni}`, ...ends(there) } },
            address(`br-t${vni}`, `192.168.${net}.${here}/24`),
            { net_check: { links: { [name]: { mtu: underlay - 50 }, [`br-t${vni}`]: { mtu: underlay - 50 } } } },
          ],
        ]),
      );
      const most = underlay - 50 - 28;
      const look = async ([host, , , there]: readonly [Host, number, Host, number]) => {
        const far = `192.168.${net}.${there}`;
        const sent = (): Promise<string> => sh(host, `cat /sys/class/net/${name}/statistics/tx_packets`);
        const before = { sent: Number(await sent()), cut: await cut(host) };
        return {
          small: await answers(host, far),
          most: await answers(host, far, most),
          more: await answers(host, far, most + 1),
          // Through the tunnel, and whole: nothing below had to cut what the tunnel took for small enough.
          tunnelled: Number(await sent()) >= before.sent + 6,
          cut: (await cut(host)) - before.cut,
        };
      };
      const good = { small: true, most: true, more: false, tunnelled: true, cut: 0 };
      expect(await Promise.all(sides().map(look))).toEqual([good, good]);
    });
  });

  it('tc_htb holds two streams of iperf3 to the ceil of their classes, at once', async () => {
    const shaper = {
      tc_htb: {
        dev: 'eth1',
        default: 30,
        classes: [
          { classid: '1:1', rate: '40mbit' },
          { classid: '1:10', parent: '1:1', rate: '2mbit', ceil: '8mbit' },
          { classid: '1:20', parent: '1:1', rate: '4mbit', ceil: '20mbit' },
          { classid: '1:30', parent: '1:1', rate: '1mbit', ceil: '40mbit' },
        ],
        filters: [
          { ip_proto: 'tcp', dport: 5210, flowid: '1:10' },
          { ip_proto: 'tcp', dport: 5220, flowid: '1:20' },
        ],
      },
    };
    await settle([
      [left, [address('eth1', '10.60.0.1/24'), shaper]],
      [right, [address('eth1', '10.60.0.2/24')]],
    ]);
    await sh(right, 'for p in 5210 5220; do iperf3 -s -D -1 -p $p; done');
    const rate = async (port: number): Promise<number> => {
      // The first second is left out: in it a class may spend the burst that it has saved.
      const out = await sh(left, `iperf3 -J -c 10.60.0.2 -p ${port} -O 1 -t 3`);
      const { end } = JSON.parse(out) as { end: { sum_received: { bits_per_second: number } } };
      // iperf3 counts what is in the segments, a class whole frames: 1448 bytes of 1514.
      return (end.sum_received.bits_per_second * 1514) / 1448;
    };
    const [eight, twenty] = await Promise.all([rate(5210), rate(5220)]);
    expect.soft(eight / 8e6).toBeGreaterThan(0.9);
    expect.soft(eight / 8e6).toBeLessThan(1.1);
    expect.soft(twenty / 20e6).toBeGreaterThan(0.9);
    expect.soft(twenty / 20e6).toBeLessThan(1.1);
    await settle([[left, [{ tc_htb: { dev: 'eth1', state: 'absent' } }]]]);
    await sh(right, 'iperf3 -s -D -1 -p 5210');
    expect(await rate(5210)).toBeGreaterThan(80e6);
  });

  it('tc_htb stands although systemd runs its new boot unit at once, which makes it anew', async () => {
    // Slow only for the unit, when the old tree is gone and the new one is not there yet.
    const slow = `#!/bin/sh
if [ -n "$INVOCATION_ID" ] && [ "$1" = -batch ]; then
  lines=$(cat)
  case $lines in *add*) sleep 2.5 ;; esac
  printf '%s\\n' "$lines" | exec /usr/sbin/tc "$@"
fi
case "$*" in *show*) sleep 1 ;; esac
exec /usr/sbin/tc "$@"
`;
    // systemd does so where it has not known the device before; here always.
    const atOnce = `#!/bin/sh
/usr/bin/systemctl "$@" || exit
case "$*" in *reenable*tc_htb*) /usr/bin/systemctl start --no-block kvmnet-tc_htb-eth1.service ;; esac
`;
    const stand = 'cd /usr/local/sbin; printf %s "$1" >tc; printf %s "$2" >systemctl; chmod 755 tc systemctl';
    await left.read(['sh', '-c', stand, 'sh', slow, atOnce]);
    const shaper = (rate: string) => ({ tc_htb: { dev: 'eth1', default: 10, classes: [{ classid: '1:10', rate }] } });
    try {
      await play([[left, [shaper('10mbit')]]]);
      expect(await sh(left, 'journalctl -b --no-pager -u kvmnet-tc_htb-eth1')).toContain('Starting');
      await settle([[left, [shaper('20mbit')]]]);
    } finally {
      await sh(left, 'rm /usr/local/sbin/tc /usr/local/sbin/systemctl');
    }
    await settle([[left, [{ tc_htb: { dev: 'eth1', state: 'absent' } }]]]);
  });

  it('two ospfd hosts are neighbours, learn a route, and send packets along it', async () => {
    const fast = { hello: 1, dead: 4, network_type: 'point-to-point' };
    const ospf = (id: number, networks: readonly string[]) => [
      { service: { name: 'frr', state: 'started', enabled: true } },
      {
        ospfd: {
          router_id: `10.255.0.${id}`,
          networks: networks.map((prefix) => ({ prefix, area: 0 })),
          interfaces: { eth1: fast, ...(networks.length > 1 ? { eth2: { passive: true } } : {}) },
        },
      },
    ];
    // Behind `left`: the host in the middle, which `right` cannot reach but over a route.
    const forward = { sysctl: { name: 'net.ipv4.ip_forward', value: 1 } };
    const behind = { link: { name: 'eth2', up: true, addresses: ['10.61.0.1/24'] } };
    await play([
      [left, [address('eth1', '10.60.0.1/24'), behind, forward]],
      [right, [address('eth1', '10.60.0.2/24')]],
      [
        middle,
        [
          {
            link: {
              name: 'eth2',
              up: true,
              addresses: ['10.61.0.2/24'],
              routes: [{ to: '10.60.0.0/24', via: '10.61.0.1' }],
            },
          },
        ],
      ],
    ]);
    expect(await answers(right, '10.61.0.2')).toBe(false);
    await settle([
      [left, ospf(1, ['10.60.0.0/24', '10.61.0.0/24'])],
      [right, ospf(2, ['10.60.0.0/24'])],
    ]);
    await play([
      [left, [{ net_check: { ospf: { neighbours: ['10.255.0.2'], state: 'Full' }, timeout: 60 } }]],
      [right, [{ net_check: { ospf: { neighbours: ['10.255.0.1'], state: 'Full' }, timeout: 60 } }]],
    ]);
    expect(await sh(right, "vtysh -c 'show ip ospf neighbor'")).toMatch(/10\.255\.0\.1 .*Full\//);
    await expect
      .poll(() => sh(right, 'ip route show 10.61.0.0/24'), { timeout: 30_000 })
      .toMatch(/^10\.61\.0\.0\/24 .*via 10\.60\.0\.1 dev eth1 proto ospf/);
    const forwarded = async (): Promise<number> =>
      Number(/IpForwDatagrams\s+(\d+)/.exec(await sh(left, 'nstat -asz IpForwDatagrams'))?.[1]);
    const before = await forwarded();
    expect(await answers(right, '10.61.0.2')).toBe(true);
    expect(await forwarded()).toBe(before + 6);
  });

  it('iptables lets the inside out under another address, and keeps the outside out', async () => {
    const toInside = { to: '10.61.0.0/24', via: '10.62.0.1' };
    await settle([
      [
        left,
        [
          {
            link: {
              name: 'eth2',
              up: true,
              addresses: ['10.61.0.1/24'],
              routes: [{ to: '10.62.0.0/24', via: '10.61.0.2' }],
            },
          },
        ],
      ],
      [
        middle,
        [
          address('eth2', '10.61.0.2/24'),
          address('eth3', '10.62.0.1/24'),
          { sysctl: { name: 'net.ipv4.ip_forward', value: 1 } },
          { iptables: { table: 'nat', chain: 'POSTROUTING', rules: ['-s 10.61.0.0/24 -o eth3 -j MASQUERADE'] } },
          {
            iptables: {
              chain: 'FORWARD',
              policy: 'DROP',
              rules: [
                '-i eth3 -o eth2 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
                { in_interface: 'eth2', out_interface: 'eth3', jump: 'ACCEPT' },
                '-j DROP',
              ],
            },
          },
        ],
      ],
      [right, [{ link: { name: 'eth2', up: true, addresses: ['10.62.0.2/24'], routes: [toInside] } }]],
    ]);
    /** What each rule has counted, in the order of the rules: the answers, the way out, what is dropped, the NAT. */
    const counted = async (): Promise<readonly number[]> =>
      (await sh(middle, 'iptables-save -c; iptables-save -c -t nat'))
        .split('\n')
        .flatMap((line) => {
          const [, packets] = /^\[(\d+):\d+\] -A KVMNET-\S+ .*-j (?:ACCEPT|DROP|MASQUERADE)$/.exec(line) ?? [];
          return packets === undefined ? [] : [Number(packets)];
        })
        .slice(0, 4);
    const since = async (before: readonly number[]): Promise<readonly number[]> =>
      (await counted()).map((now, i) => now - (before[i] ?? 0));

    const seen = sh(right, "timeout 20 tcpdump -l -n -i eth2 -c 1 'icmp[icmptype] = icmp-echo' 2>/dev/null");
    await sh(right, 'until [ -e /proc/net/packet ] && [ "$(wc -l </proc/net/packet)" -gt 1 ]; do sleep 0.05; done');
    const quiet = await counted();
    expect(quiet).toHaveLength(4);
    expect(await answers(left, '10.62.0.2')).toBe(true);
    expect(await seen).toContain('10.62.0.1 > 10.62.0.2: ICMP echo request');
    // Three requests, the first of which opened the connection that NAT saw; three answers; nothing dropped.
    const [back, out, dropped, translated] = await since(quiet);
    expect({ back, out, dropped, translated }).toEqual({ back: 3, out: 3, dropped: 0, translated: 1 });

    const calm = await counted();
    expect(await answers(right, '10.61.0.1')).toBe(false);
    expect(await since(calm)).toEqual([0, 0, 3, 0]);
  });

  describe('on the userspace datapath of Open vSwitch', () => {
    /** A bridge of Open vSwitch on `middle`, with internal ports whose other ends are in network namespaces. */
    const internal = (bridge: string, names: readonly string[]) =>
      names.map((name) => ({ ovs_port: { bridge, name, type: 'internal' } }));

    it('a service chain of ovs_flows carries a packet through each hop in order, and back', async () => {
      const hops = [
        ['eth4', 'fw-in'],
        ['fw-out', 'lb-in'],
        ['lb-out', 'eth5'],
      ] as const;
      const chain = [
        {
          ovs_bridge: { name: 'br-sfc', datapath_type: 'netdev', fail_mode: 'secure' },
        },
        ...['eth4', 'eth5'].flatMap((name) => [{ link: { name, up: true } }, { ovs_port: { bridge: 'br-sfc', name } }]),
        ...internal('br-sfc', ['fw-in', 'fw-out', 'lb-in', 'lb-out']),
        {
          ovs_flows: {
            bridge: 'br-sfc',
            state: 'exact',
            cookie: '0x5fc',
            flows: hops.flatMap(([a, b]) => [`in_port=${a},actions=output:${b}`, `in_port=${b},actions=output:${a}`]),
          },
        },
      ];
      await settle([
        [left, [address('eth3', '10.63.0.1/24')]],
        [middle, chain],
        [right, [address('eth3', '10.63.0.2/24')]],
      ]);
      // Each function is a namespace that passes frames from one port to the other, and nothing else.
      await sh(
        middle,
        `for f in fw lb; do
          ip netns add $f; ip -n $f link add br0 type bridge; ip -n $f link set br0 up
          for p in in out; do ip link set $f-$p netns $f; ip -n $f link set $f-$p master br0 up; done
        done`,
      );
      await expect.poll(() => answers(left, '10.63.0.2'), { timeout: 20_000 }).toBe(true);

      const packets = async (): Promise<Readonly<Record<string, number>>> =>
        Object.fromEntries(
          [
            ...(await sh(middle, 'ovs-ofctl --names dump-flows br-sfc')).matchAll(
              /n_packets=(\d+),.* in_port="?([\w-]+)/g,
            ),
          ].map(([, n, port]) => [port, Number(n)]),
        );
      // What the datapath has counted reaches the flows a little later: wait until it has come to rest.
      const atRest = async (): Promise<Readonly<Record<string, number>>> => {
        for (let before = await packets(); ;) {
          await new Promise((resolve) => setTimeout(resolve, 1500));
          const now = await packets();
          if (JSON.stringify(now) === JSON.stringify(before)) return now;
          before = now;
        }
      };
      const watch = (host: Host, enter: string, dev: string): Promise<string> =>
        sh(host, `${enter} timeout 30 tcpdump -l -tt -n -i ${dev} -c 2 icmp 2>/dev/null`);
      const before = await atRest();
      expect(Object.keys(before).toSorted()).toEqual(hops.flat().toSorted());
      const listeners = [
        watch(middle, 'ip netns exec fw', 'fw-in'),
        watch(middle, 'ip netns exec fw', 'fw-out'),
        watch(middle, 'ip netns exec lb', 'lb-in'),
        watch(middle, 'ip netns exec lb', 'lb-out'),
        watch(right, '', 'eth3'),
      ];
      await sh(
        middle,
        'for f in fw lb; do until [ "$(ip netns exec $f cat /proc/net/packet | wc -l)" = 3 ]; do sleep 0.05; done; done',
      );
      await sh(right, 'until [ "$(wc -l </proc/net/packet)" -gt 1 ]; do sleep 0.05; done');
      await sh(left, 'ping -c 1 -W 5 10.63.0.2');
      const times = (await Promise.all(listeners)).map((text) =>
        [...text.matchAll(/^(\d+\.\d+) IP .* ICMP echo (request|reply)/gm)].map(([, time, kind]) => [
          kind,
          Number(time),
        ]),
      );
      expect(times.map((each) => each.map(([kind]) => kind))).toEqual(listeners.map(() => ['request', 'reply']));
      const there = times.map(([request]) => Number(request?.[1]));
      const back = times.map(([, reply]) => Number(reply?.[1]));
      expect(there).toEqual(there.toSorted((a, b) => a - b));
      expect(back).toEqual(back.toSorted((a, b) => b - a));
      // Each flow carried the one packet of its direction (ARP may have been asked again beside it).
      const after = await atRest();
      for (const port of hops.flat())
        expect({ port, more: (after[port] ?? 0) > (before[port] ?? 0) }).toEqual({ port, more: true });

      // There is no way around a function: with the firewall gone nothing passes.
      await sh(middle, 'ip -n fw link set fw-out down');
      expect(await answers(left, '10.63.0.2')).toBe(false);
    });

    it('a bridge without a controller is deaf, and forwards what its controller says', async () => {
      const bridge = (controllers: readonly string[]) => ({
        ovs_bridge: {
          name: 'br-sdn',
          datapath_type: 'netdev',
          fail_mode: 'secure',
          protocols: ['OpenFlow13'],
          controllers,
        },
      });
      const inside = (name: string, there: string) =>
        middle.outside(['ip', 'netns', 'exec', name, 'ping', '-c', '2', '-W', '1', there]);
      await settle([[middle, [bridge([]), ...internal('br-sdn', ['sdn1', 'sdn2'])]]]);
      await sh(
        middle,
        `for n in 1 2; do
          ip netns add sdn$n; ip link set sdn$n netns sdn$n; ip -n sdn$n address add 10.64.0.$n/24 dev sdn$n; ip -n sdn$n link set sdn$n up
        done`,
      );
      expect((await inside('sdn1', '10.64.0.2')).code).not.toBe(0);

      const target = `tcp:${right.address}:6653`;
      const connected = (yes: boolean) => ({
        net_check: { controller: { bridge: 'br-sdn', connected: yes }, timeout: 30 },
      });
      await settle([[middle, [bridge([target]), connected(false)]]]);
      await sh(
        right,
        'mkdir -p /run/openvswitch; ovs-testcontroller --detach --no-chdir --pidfile=/run/testcontroller.pid ptcp:6653',
      );
      await settle([[middle, [bridge([target]), connected(true)]]]);
      expect(await sh(middle, 'ovs-vsctl --bare --columns=target,is_connected list controller')).toBe(
        `${target}\ntrue\n`,
      );
      await expect.poll(async () => (await inside('sdn1', '10.64.0.2')).code, { timeout: 20_000 }).toBe(0);

      await sh(right, 'kill $(cat /run/testcontroller.pid)');
      await play([[middle, [connected(false)]]]);
    });
  });
});
