import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { createOvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { netCheck } from './index.ts';
import type { NetCheck } from './params.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

type Params = z.input<typeof NetCheck>;

async function look(sandbox: Sandbox, params: Params) {
  const { message, data } = await runAction(netCheck, params, fakeHost({ sh: sandbox.run }));
  const checks = (data?.['checks'] ?? []) as readonly { what: string; value: unknown }[];
  return { message, values: Object.fromEntries(checks.map(({ what, value }) => [what, value])) };
}

const setup = `ip link set lo mtu 1500
ip link add br-blue type bridge; ip link add vxlan100 mtu 1450 master br-blue type vxlan id 100 local 127.0.0.1 dstport 4789
ip link set vxlan100 up
bridge fdb append 00:00:00:00:00:00 dev vxlan100 dst 10.0.1.2`;

describe.each(testShells)('$name', ({ name, shell, setup: tools }) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell, setup: `${tools}\n${setup}` });
  });
  afterAll(() => sandbox.close());

  it('pings, several at once', async () => {
    const { message, values } = await look(sandbox, { ping: { to: ['127.0.0.1', '127.0.0.2', '::1'], max_rtt: 1000 } });
    expect(message).toBeUndefined();
    expect(Object.keys(values)).toEqual(
      ['127.0.0.1', '127.0.0.2', '::1'].flatMap((to) => [`loss to ${to}`, `round trip to ${to}`]),
    );
  });

  it('sees what does not answer', async () => {
    const { message } = await look(sandbox, { ping: { to: ['192.0.2.1', '127.0.0.1'], count: 1, timeout: 1 } });
    expect(message).toMatch(/^1 of 2 checks failed: ping 192\.0\.2\.1: .*nreachable$/);
  });

  it('reads what the kernel says', async () => {
    const { message, values } = await look(sandbox, {
      load: { max: 10_000, per_cpu: true },
      memory: { min_free_mb: 1 },
      hugepages: { min_free: 0 },
      conntrack: { max_share: 1 },
    });
    expect(message).toBeUndefined();
    expect(values['available memory']).toBeGreaterThan(1);
  });

  it('says what has no virtual functions and no interrupts', async () => {
    const { message } = await look(sandbox, {
      vfs: { pf: 'br-blue', count: 1 },
      irqs: { dev: 'br-blue', cpus: 0 },
      hugepages: { min_free: 0, node: 99 },
    });
    expect(message).toMatch(
      /^3 of 3 checks failed: virtual functions of br-blue: br-blue has no SR-IOV; .*: br-blue has no interrupts of its own; .* on node 99: .*No such file or directory$/,
    );
  });

  // These need programs that busybox has not, or not with JSON.
  itWhere(name !== 'busybox')('looks at links, forwarding entries, drops and listeners', async () => {
    const { message } = await look(sandbox, {
      links: { vxlan100: { up: true, carrier: true, mtu: 1450, master: 'br-blue' }, 'br-blue': { up: false } },
      fdb: { dev: 'vxlan100', has: [{ mac: '00:00:00:00:00:00', dst: '10.0.1.2' }] },
      drops: { dev: ['lo', 'br-blue'], max: 100, within: 0.1 },
      listening: { port: 4789, proto: 'udp' },
    });
    expect(message).toBeUndefined();
    const gone = await look(sandbox, { links: { vxlan7: {} }, fdb: { dev: 'vxlan7', has: ['02:00:00:00:00:01'] } });
    expect(gone.message).toBe(
      '2 of 2 checks failed: addresses behind vxlan7: vxlan7 does not exist; vxlan7 does not exist',
    );
  });

  itWhere(name === 'busybox')('says which programs are missing', async () => {
    const { message } = await look(sandbox, {
      iperf3: { server: 'a', min_mbit: 1 },
      controller: { bridge: 'b' },
      ospf: {},
    });
    expect(message).toContain('iperf3 is not installed, install iperf3');
    expect(message).toContain('ovs-vsctl is not installed, install openvswitch-switch (openvswitch on RHEL)');
    expect(message).toContain('vtysh is not installed, install frr');
  });

  itWhere(name !== 'busybox')('measures the MTU of a path', async () => {
    const ping = { to: '127.0.0.1', count: 1, timeout: 1, dont_fragment: true };
    expect((await look(sandbox, { ping: { ...ping, size: 1472 } })).message).toBeUndefined();
    expect((await look(sandbox, { ping: { ...ping, size: 1473 } })).message).toBe(
      '1 of 1 checks failed: loss to 127.0.0.1 with 1473 bytes in one piece is 100 %, wanted at most 0 %',
    );
  });
});

it('measures throughput', async () => {
  const sandbox = await createSandbox();
  try {
    const none = await look(sandbox, { iperf3: { server: '127.0.0.1', duration: 1, min_mbit: 1 } });
    expect(none.message).toMatch(/throughput to 127\.0\.0\.1: .*Connection refused/);
    sandbox.look('iperf3 -s -D -I /run/iperf3.pid; sleep 0.3');
    const server = { server: '127.0.0.1', duration: 1 };
    const tcp = await look(sandbox, { iperf3: { ...server, min_mbit: 1 } });
    expect(tcp.message).toBeUndefined();
    const udp = await look(sandbox, { iperf3: { ...server, min_mbit: 5, udp: true, max_loss: 20 } });
    expect(udp.message).toBeUndefined();
    expect(udp.values['throughput to 127.0.0.1']).toBeLessThan(10);
    const fast = await look(sandbox, { iperf3: { ...server, min_mbit: 1e9, reverse: true } });
    expect(fast.message).toMatch(/throughput from 127\.0\.0\.1 is [\d.]+ Mbit\/s, wanted at least 1000000000 Mbit\/s/);
  } finally {
    sandbox.run('kill $(tr -d "\\0" </run/iperf3.pid)');
    sandbox.close();
  }
});

it('asks Open vSwitch for its controllers', async () => {
  const sandbox = await createOvsSandbox();
  try {
    sandbox.look(`ovs-vsctl add-br br0 -- set Bridge br0 datapath_type=netdev
ovs-vsctl add-br br1 -- set Bridge br1 datapath_type=netdev -- set-controller br1 tcp:127.0.0.1:6653`);
    expect((await look(sandbox, { controller: { bridge: 'br0', connected: false } })).message).toBeUndefined();
    expect((await look(sandbox, { controller: { bridge: 'br1' } })).message).toBe(
      '1 of 1 checks failed: controller of br1 (tcp:127.0.0.1:6653) is not connected, wanted a connection',
    );
    sandbox.look('ovs-testcontroller --detach --pidfile=/run/tc.pid ptcp:6653:127.0.0.1');
    expect((await look(sandbox, { controller: { bridge: 'br1' }, timeout: 20 })).message).toBeUndefined();
  } finally {
    sandbox.run('kill $(cat /run/tc.pid)');
    sandbox.close();
  }
});
