import { describe, expect, it } from 'vitest';
import { ovsAnswer } from '../../src/sdk/testing/ovs-answer.ts';
import { recordedReading, replay, type RecordedCase } from '../../src/sdk/testing/recorded.ts';
import { ovsBridge } from './index.ts';
import { moveWarnings, readMove } from './move.ts';
import type { State } from './read.ts';
import { bridgeSteps, type Goal } from './steps.ts';

type Outputs = RecordedCase['outputs'];
const local = { ofport: 65_534, mtu: 1500, type: 'internal' };
const eth0 = { interfaces: { eth0: { ofport: 1 } } };
const own = { br0: { interfaces: { br0: local } } };
const host = (bridges: Parameters<typeof ovsAnswer>[0], more: Outputs = {}): Outputs => ({
  ovs: { stdout: ovsAnswer(bridges) },
  link: { code: 1 },
  ...more,
});
const said = (params: object, outputs: Outputs) => replay(ovsBridge, { params: { name: 'br0', ...params } }, outputs);

const mac = '02:00:00:00:00:01';
const address = { family: 'inet', local: '10.0.0.1', prefixlen: 24, scope: 'global' };
const gateway = { dst: 'default', gateway: '10.0.0.254', protocol: 'static', flags: [] };
const shown = (name: string, fields: object, routes: readonly object[] = []): readonly string[] => [
  `ip ${name} ${JSON.stringify([{ ifindex: 2, ifname: name, flags: ['UP'], mtu: 1500, addr_info: [], ...fields }])}`,
  `routes ${name} ${JSON.stringify(routes)}`,
];
const uplink = (fields: object = {}, routes: readonly object[] = [gateway]): Outputs => ({
  moving: { stdout: [...shown('eth0', { address: mac, addr_info: [address], ...fields }, routes), ''] },
});

describe('the addresses of an uplink', () => {
  const p = { move_ip_from: 'eth0' };

  it('go to a new bridge, which gets its MAC address', () => {
    expect(said(p, host({}, uplink()))).toMatchObject({
      state: null,
      steps: [
        `ovs-vsctl --timeout=30 -- add-br br0 -- set Bridge br0 "other_config:\\"hwaddr\\"=\\"${mac}\\"" -- --may-exist add-port br0 eth0`,
        expect.stringContaining('br0'),
        'ip -batch - < "addr replace 10.0.0.1/24 dev br0\\nlink set dev br0 up\\n"',
        'ip -force -batch - < "addr del 10.0.0.1/24 dev eth0\\nroute del default via 10.0.0.254 dev eth0 metric 0 table main\\n"',
        'ip -batch - < "route replace default via 10.0.0.254 dev br0 metric 0 table main proto static\\n"',
      ],
      touches: { links: ['br0', 'eth0'], addresses: ['10.0.0.1/24'], routes: ['10.0.0.0/24'] },
      boot: [
        expect.stringContaining('br0 with br0, after openvswitch-switch.service'),
        expect.any(String),
        expect.any(String),
        expect.any(String),
      ],
    });
  });
  it('are where they belong', () => {
    const bridges = { br0: { columns: { other_config: ['map', [['hwaddr', mac]]] }, ports: { ...own, eth0 } } };
    const moving = {
      stdout: [
        ...shown('br0', { address: mac, addr_info: [address] }, [gateway]),
        ...shown('eth0', { address: mac }),
        '',
      ],
    };
    expect(said(p, host(bridges, { moving }))).toMatchObject({
      state: { port: true, move: { up: true, addresses: ['10.0.0.1/24'], routes: [{ to: 'default' }] } },
      changes: [],
    });
  });
  it('go to a bridge that is there, without routes where there are none', () => {
    const { steps, undo } = said(p, host({ br0: { ports: own } }, uplink({}, [])));
    expect(steps?.slice(-2)).toEqual([
      'ip -batch - < "addr replace 10.0.0.1/24 dev br0\\nlink set dev br0 up\\n"',
      'ip -force -batch - < "addr del 10.0.0.1/24 dev eth0\\n"',
    ]);
    expect(undo?.slice(-2)).toEqual([
      'ip -batch - < "addr replace 10.0.0.1/24 dev eth0\\n"',
      'ip -force -batch - < "addr del 10.0.0.1/24 dev br0\\n"',
    ]);
  });
  it('of a link without a MAC address leave that of the bridge', () => {
    const { changes } = said(p, host({ br0: { ports: own } }, uplink({ address: undefined })));
    expect(changes?.filter((line) => line.includes('hwaddr'))).toEqual([]);
    expect(changes).toContain('port: false -> true');
  });
  it('that came by DHCP want their client to follow', () => {
    const leased = uplink({ addr_info: [{ ...address, dynamic: true }] });
    expect(
      said(
        p,
        host(
          { br0: { ports: own } },
          { ...leased, nicFiles: { stdout: ['/etc/network/interfaces:iface eth0 inet dhcp', ''] } },
        ),
      ).warnings,
    ).toEqual([
      '/etc/network/interfaces defines eth0 too: take it out there, or it will be changed back',
      '10.0.0.1/24 of eth0 came by DHCP: let the client ask for it over the bridge from now on',
    ]);
  });
  it.each<[string, Outputs, string]>([
    ['is not there', host({}, { moving: { stdout: [''] } }), 'the link eth0 (move_ip_from) does not exist'],
    ['is a port of another bridge', host({ br7: { ports: { eth0 } } }, uplink()), 'eth0 is a port of br7'],
  ])('stay where the link %s', (_name, outputs, message) => {
    expect(said(p, outputs).refused).toBe(message);
  });
  it('of links that nobody has looked at are none', () => {
    expect(readMove(new Map(), 'br0', 'eth0')).toEqual({
      up: false,
      addresses: [],
      routes: [],
      nic: { addresses: [], routes: [] },
    });
    expect(moveWarnings(new Map(), 'eth0', [])).toEqual([]);
  });
});

describe('bridges', () => {
  it('that are not there have nothing to warn of', () => {
    expect(said({ state: 'absent' }, host({}))).toEqual({ state: null, changes: [], steps: [], undo: [] });
  });
  it('without a port of their own have no error', () => {
    expect(said({}, host({ br0: { ports: {} } })).state).toMatchObject({ error: null, ports: {} });
  });
  it.each<[string, object, object, string | undefined]>([
    ['rstp', { stp: true }, { rstp_enable: true }, 'br0 has rstp on, and both exclude each other'],
    ['stp', { rstp: true }, { stp_enable: true }, 'br0 has stp on, and both exclude each other'],
    ['both, which nobody asks about', {}, { stp_enable: true, rstp_enable: true }, undefined],
  ])('with %s', (_name, params, columns, refused) => {
    expect(said(params, host({ br0: { columns: { ...columns }, ports: own } })).refused).toBe(refused);
  });
  it('tell of their ports', () => {
    const { p, now } = recordedReading(ovsBridge, {
      params: { name: 'br0' },
      outputs: host({ br0: { ports: { ...own, eth0 } } }),
    });
    expect(ovsBridge.returns?.(p as never, now as State | null)).toEqual({ ports: ['br0', 'eth0'] });
    expect(ovsBridge.returns?.(p as never, null)).toEqual({ ports: [] });
  });
});

describe('as much as is known', () => {
  const move = { up: true, addresses: ['10.0.0.1/24'], routes: [], nic: { addresses: [], routes: [] } };
  const moving = ovsBridge.params.parse({ name: 'br0', move_ip_from: 'eth0' });
  const plain = ovsBridge.params.parse({ name: 'br0' });
  it.each<[string, Goal | null, Goal | null, typeof plain, unknown]>([
    [
      'a new bridge that takes over',
      null,
      { move, port: true },
      moving,
      { links: ['br0', 'eth0'], addresses: ['10.0.0.1/24'], routes: ['10.0.0.0/24'] },
    ],
    [
      'a link that becomes a port',
      { move: null, port: false },
      { move: null, port: true },
      moving,
      { links: ['br0', 'eth0'], addresses: [], routes: [] },
    ],
    ['a bridge of unknown ports that goes', { stp: false }, null, plain, { links: ['br0'] }],
    ['spanning tree', { stp: false }, { stp: true }, plain, { links: ['br0'], effect: 'flap' }],
    ['a fail mode', { stp: false }, { stp: false, fail_mode: 'secure' }, plain, { links: ['br0'] }],
  ])('is touched: %s', (_name, from, to, p, expected) => {
    expect(ovsBridge.touches?.(from as State | null, to as State | null, p)).toEqual(expected);
  });

  const lines = (from: Goal | null, to: Goal | null) =>
    bridgeSteps('br0', from, to, { nic: 'eth0' }).flatMap((step) =>
      step.kind === 'exec' ? [step.argv.slice(3).join(' '), step.stdin ?? ''].filter((text) => text !== '') : [],
    );
  it('moves addresses of which nothing more is known', () => {
    expect(ovsBridge.steps(null, { error: null, move, port: true } as unknown as State, moving)).toMatchObject([
      {},
      {},
      { stdin: 'addr replace 10.0.0.1/24 dev br0\nlink set dev br0 up\n' },
      { stdin: 'addr del 10.0.0.1/24 dev eth0\n' },
    ]);
  });
  it.each<[string, Goal | null, Goal | null, readonly string[]]>([
    ['a new bridge that is said nothing of', null, {}, ['add-br br0']],
    ['a port that stays', { port: true }, {}, []],
    ['a bridge that goes without what it has taken', { port: true }, null, ['--if-exists del-br br0']],
  ])('leaves the rest: %s', (_name, from, to, expected) => {
    expect(lines(from, to)).toEqual(expected);
  });
});
