import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createFrrSandbox } from '../../src/sdk/testing/frr.ts';
import type { Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { ospfd } from './index.ts';

const running = (sandbox: Sandbox): string =>
  sandbox
    .look(`VTYSH_HISTFILE=/dev/null vtysh -d ospfd -c 'show running-config' | sed '1,/^hostname/d'`)
    // What the daemon keeps of a setting that was taken back; it says nothing.
    .replace(/interface \S+\n no ip ospf passive\nexit\n!\n/g, '');
const files = (sandbox: Sandbox): string =>
  sandbox.look('cd /etc/frr; stat -c "%A %U %G %s %n" *; grep ^ospfd daemons; cat frr.conf*');
const link =
  'ip link add veth0 type veth peer name veth1; ip addr add 10.96.0.1/24 dev veth0; ip link set veth0 up; ip link set veth1 up';

const full = {
  router_id: '10.255.0.1',
  networks: [
    { prefix: '192.168.1.5/24', area: '0.0.0.0' },
    { prefix: '10.96.0.0/24', area: 1 },
  ],
  redistribute: ['kernel', { from: 'connected', metric: 20, metric_type: 1 }],
  passive_default: true,
  log: 'detail',
  areas: { '0.0.0.1': { type: 'nssa', no_summary: true, default_cost: 5 }, 0: { authentication: 'md5' } },
  interfaces: {
    veth0: {
      cost: 20,
      hello: 1,
      dead: 4,
      priority: 5,
      passive: 'no',
      network_type: 'point-to-point',
      mtu_ignore: true,
      auth: { type: 'md5', key: `a'$(id)"\\` },
    },
    veth1: { auth: { type: 'text', key: 'secret' } },
  },
};

describe.each(testShells.filter(({ name }) => name !== 'busybox'))('$name', ({ shell }) => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await createFrrSandbox({ shell });
    sandbox.look(link);
  });
  afterEach(() => sandbox.close());

  it('[obs] configures what there is to configure, keeps it, and takes all of it back', () => {
    const before = [running(sandbox), files(sandbox)];
    const { left, undo, steps } = apply(ospfd, full, sandbox);
    expect(left).toEqual([]);
    expect(running(sandbox)).toContain(' network 192.168.1.0/24 area 0\n');
    expect(running(sandbox)).toContain(' network 10.96.0.0/24 area 1\n');
    expect(running(sandbox)).toContain(` ip ospf message-digest-key 1 md5 a'$(id)"\\\n`);
    expect(sandbox.look('cat /etc/frr/frr.conf')).toContain(' ip ospf dead-interval 4\n');
    // Secrets travel on standard input only, and are no part of what is shown.
    expect(
      JSON.stringify(steps.map((step) => ('args' in step ? step.args : 'argv' in step ? step.argv : ''))),
    ).not.toContain('$(id)');
    expect(JSON.stringify(read(ospfd, full, sandbox).now)).not.toContain('$(id)');
    expect(read(ospfd, full, sandbox).changes).toEqual([]);
    // vtysh keeps what it was told, unless it is told not to.
    expect(sandbox.run('cat /root/.history_frr').code).not.toBe(0);
    undo();
    expect([running(sandbox), files(sandbox)]).toEqual(before);
  });

  it('[obs] moves a network to another area, which the daemon alone refuses', () => {
    apply(ospfd, { networks: [{ prefix: '10.96.0.0/24', area: 0 }] }, sandbox);
    expect(
      sandbox.run(`vtysh -c 'configure terminal' -c 'router ospf' -c 'network 10.96.0.0/24 area 2'`),
    ).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('There is already same network statement') as unknown,
    });
    const moved = apply(ospfd, { networks: [{ prefix: '10.96.0.0/24', area: 2 }] }, sandbox);
    expect(moved.left).toEqual([]);
    expect(running(sandbox)).toContain(' network 10.96.0.0/24 area 2\n');
  });

  it('leaves alone what it was told nothing about', () => {
    sandbox.look(
      `vtysh -c 'configure terminal' -c 'router ospf' -c 'redistribute static' -c 'timers throttle spf 1 2 3' -c exit -c 'interface veth1' -c 'ip ospf cost 77'`,
    );
    const { left } = apply(
      ospfd,
      { networks: [{ prefix: '10.96.0.0/24', area: 0 }], interfaces: { veth0: { cost: 3 } } },
      sandbox,
    );
    expect(left).toEqual([]);
    for (const line of [' redistribute static', ' timers throttle spf 1 2 3', ' ip ospf cost 77', ' ip ospf cost 3'])
      expect(running(sandbox)).toContain(`${line}\n`);
  });
});

describe('seen on FRR 8.4', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createFrrSandbox();
    sandbox.look(link);
  });
  afterAll(() => sandbox.close());

  it('[obs] is judged by vtysh, which finds a bad line, and not by ospfd, which does not', () => {
    sandbox.look(`printf 'router ospf\\n network 10.0.0.0/33 area 0\\n' >/tmp/bad`);
    expect(sandbox.run('vtysh -C -f /tmp/bad')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('line 2: ') as unknown,
    });
    expect(sandbox.run('/usr/lib/frr/ospfd -C -f /tmp/bad').code).toBe(0);
  });

  it('[obs] keeps the area as it was written, which is no difference, and says lines that nobody wrote', () => {
    sandbox.look(`vtysh -c 'configure terminal' -c 'router ospf' -c 'network 10.95.0.5/24 area 0.0.0.0'`);
    expect(running(sandbox)).toContain(' network 10.95.0.0/24 area 0.0.0.0\n');
    expect(sandbox.look(`vtysh -c 'show running-config'`)).toMatch(/^frr version /m);
    const { changes } = read(ospfd, { networks: [{ prefix: '10.95.0.9/24', area: 0 }] }, sandbox);
    expect(changes.map(({ path }) => path)).toEqual(['saved']);
    sandbox.look(`vtysh -c 'configure terminal' -c 'router ospf' -c 'no network 10.95.0.0/24 area 0.0.0.0'`);
  });

  it('[obs] knows passive-interface as the setting of the interface that the daemon makes of it', () => {
    sandbox.look(`vtysh -c 'configure terminal' -c 'router ospf' -c 'passive-interface veth0'`);
    expect(running(sandbox)).toContain('interface veth0\n ip ospf passive\n');
    const { changes } = read(ospfd, { interfaces: { veth0: { passive: true } } }, sandbox);
    expect(changes.map(({ path }) => path)).toEqual(['saved']);
  });

  it('sees what only runs, and what somebody else has changed', () => {
    const params = { networks: [{ prefix: '10.96.0.0/24', area: 0 }], interfaces: { veth0: { area: null, cost: 5 } } };
    apply(ospfd, params, sandbox);
    sandbox.look(`vtysh -c 'configure terminal' -c 'interface veth0' -c 'ip ospf cost 6'`);
    expect(read(ospfd, params, sandbox).changes.map(({ path }) => path)).toEqual(['saved', 'interfaces[veth0].cost']);
    const { left, steps } = apply(ospfd, params, sandbox);
    expect(left).toEqual([]);
    expect(steps.map((step) => ('stdin' in step ? step.stdin : ''))).toEqual([
      'interface veth0\n ip ospf cost 5\nexit\n',
      '',
    ]);
  });

  it('refuses the area of an interface beside network statements, as the daemon does', () => {
    expect(() => read(ospfd, { interfaces: { veth0: { area: 0 } } }, sandbox)).toThrow(
      '/etc/frr/frr.conf has network statements, so the daemon takes no area for veth0',
    );
    const params = { networks: [], interfaces: { veth0: { area: 3 } } };
    expect(apply(ospfd, params, sandbox).left).toEqual([]);
    expect(running(sandbox)).toContain(' ip ospf area 3\n');
    expect(apply(ospfd, { interfaces: { veth0: { area: 4 } } }, sandbox).left).toEqual([]);
  });

  it('goes', () => {
    const { undo, left } = apply(ospfd, { state: 'absent', interfaces: { veth0: {} } }, sandbox);
    expect(left).toEqual([]);
    expect(running(sandbox)).not.toContain('ospf');
    expect(sandbox.look('cat /etc/frr/frr.conf')).not.toContain('router ospf');
    undo();
    expect(running(sandbox)).toContain(' ip ospf area 4\n');
  });
});

it('brings two routers together, and a route from one to the other', { timeout: 120_000 }, async () => {
  const [a, b] = [await createFrrSandbox(), await createFrrSandbox()];
  try {
    const pid = b.look('cat /run/frr/zebra.pid').trim();
    a.look(
      `ip link add eth1 type veth peer name eth1 netns ${pid}; ip addr add 10.96.0.1/24 dev eth1; ip link set eth1 up`,
    );
    b.look('ip addr add 10.96.0.2/24 dev eth1; ip link set eth1 up; ip addr add 10.92.0.1/24 dev lo');
    const md5 = { type: 'md5', key: 'shared', key_id: 7 };
    const params = (n: number, prefix: string) => ({
      router_id: `10.255.0.${n}`,
      networks: [
        { prefix: '10.96.0.0/24', area: 0 },
        { prefix, area: 0 },
      ],
      interfaces: { eth1: { hello: 1, dead: 4, network_type: 'point-to-point', auth: md5 } },
    });
    expect(apply(ospfd, params(1, '10.91.0.0/24'), a).left).toEqual([]);
    expect(apply(ospfd, params(2, '10.92.0.0/24'), b).left).toEqual([]);
    const until = Date.now() + 90_000;
    let route = '';
    while (!route.includes('10.92.0') && Date.now() < until) {
      await sleep(500);
      route = a.look('ip route show proto ospf');
    }
    expect(a.look(`vtysh -c 'show ip ospf neighbor'`)).toMatch(/10\.255\.0\.2 .* Full\//);
    expect(route).toContain('10.92.0.1');
    expect(route).toContain('via 10.96.0.2 dev eth1');
  } finally {
    a.close();
    b.close();
  }
});

it('starts the daemon where it does not run, and stops it when that is taken back', { timeout: 120_000 }, async () => {
  const sandbox = await createFrrSandbox({ ospfd: false });
  try {
    const before = files(sandbox);
    const params = { networks: [{ prefix: '10.96.0.0/24', area: 0 }] };
    const { left, undo } = apply(ospfd, params, sandbox);
    expect(left).toEqual([]);
    expect(files(sandbox)).toContain('ospfd=yes');
    undo();
    expect(files(sandbox)).toBe(before);
    expect(sandbox.run('kill -0 $(cat /run/frr/ospfd.pid)').code).not.toBe(0);
  } finally {
    sandbox.run('/usr/lib/frr/frrinit.sh stop');
    sandbox.close();
  }
});
