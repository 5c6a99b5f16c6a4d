import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import type { Step } from '../../src/sdk/index.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { authText, canonicalSource, readConfig } from './config.ts';
import { ospfd } from './index.ts';
import { Ospfd, parseArea } from './params.ts';
import { parseSeen } from './read.ts';

// As FRR 8.4 shows it.
const frr = `Building configuration...

Current configuration:
!
frr version 8.4.4
frr defaults traditional
hostname kvm01
service integrated-vtysh-config
!
interface eth1
 ip ospf authentication message-digest
 ip ospf cost 20
 ip ospf dead-interval 4
 ip ospf hello-interval 1
 ip ospf message-digest-key 7 md5 secret
 ip ospf network point-to-point
 no ip ospf passive
exit
!
router ospf
 ospf router-id 10.255.0.1
 log-adjacency-changes detail
 redistribute connected metric 20 metric-type 1
 passive-interface default
 network 10.96.0.0/24 area 0.0.0.1
 network 192.168.1.0/24 area 0
 area 1 nssa
 area 1 nssa no-summary
 segment-routing node-msd 8
exit
!
router ospf vrf red
 network 172.16.0.0/24 area 0
exit
!
end
`;
// Written from the documentation of Quagga 1.2; never run.
const quagga = `!
hostname ospfd
!
interface eth1
 ip ospf cost 20
!
router ospf
 ospf router-id 10.255.0.1
 passive-interface eth2
 network 192.168.1.0/24 area 0.0.0.0
!
line vty
!
`;

const probeText = (kind: string, running: string | null, saved: string | null, extra = ''): string => {
  const quote = (text: string): string => text.replace(/^(?=[^])/gm, '|').replace(/\|$/, '');
  const path = kind === 'frr' ? '/etc/frr/frr.conf' : '/etc/quagga/ospfd.conf';
  return `== kind ${kind}\n== ${saved === null ? 'unsaved' : 'saved'} ${path}\n${quote(saved ?? '')}${extra}${running === null ? '' : `== running\n${quote(running)}`}== forward 1\n`;
};
const seenOf = (text: string) => ({ ospf: parseSeen({ stdout: text, stderr: '', code: 0, bytes: new Uint8Array() }) });
const stdins = (steps: readonly Step[]): readonly string[] =>
  steps.flatMap((step) => ('stdin' in step && step.stdin !== undefined ? [step.stdin] : []));
const daemons = '== daemons\n|ospfd=yes\n';

const judge = (params: unknown, text = probeText('frr', frr, frr, daemons)) => {
  const p = Ospfd.parse(params);
  const seen = seenOf(text);
  const now = ospfd.state(seen, p);
  const want = ospfd.want(p, now, seen);
  const after = overlayState(now, want, ospfd.compare) as Parameters<typeof ospfd.steps>[1];
  return {
    now,
    changes: diffState(now, want, ospfd.compare),
    steps: ospfd.steps(now, after, p, seen),
    back: ospfd.steps(after, now, p, seen),
  };
};

it('reads what FRR says, and only that of the default instance', () => {
  const { now } = judge({ interfaces: { eth1: {}, eth9: {} }, areas: { '0.0.0.1': {} } });
  expect(now).toEqual({
    enabled: true,
    running: true,
    saved: true,
    router: true,
    router_id: '10.255.0.1',
    networks: ['10.96.0.0/24 area 1', '192.168.1.0/24 area 0'],
    redistribute: ['connected metric 20 metric-type 1'],
    passive_default: true,
    log: 'detail',
    areas: [{ id: 1, type: 'nssa', no_summary: true, default_cost: null, authentication: 'none' }],
    interfaces: [
      {
        name: 'eth1',
        area: null,
        cost: 20,
        hello: 1,
        dead: 4,
        priority: null,
        passive: false,
        network_type: 'point-to-point',
        mtu_ignore: false,
        auth: authText('md5', 'secret', 7),
      },
      {
        name: 'eth9',
        area: null,
        cost: null,
        hello: null,
        dead: null,
        priority: null,
        passive: true,
        network_type: null,
        mtu_ignore: false,
        auth: 'none',
      },
    ],
  });
});

it('has nothing to do where the same is written in other words', () => {
  const { changes, steps } = judge({
    router_id: '10.255.0.1',
    networks: [
      { prefix: '192.168.1.77/24', area: '0.0.0.0' },
      { prefix: '10.96.0.0/255.255.255.0', area: 1 },
    ],
    redistribute: [{ from: 'connected', metric_type: 1, metric: 20 }],
    passive_default: 'yes',
    log: 'detail',
    interfaces: { eth1: { passive: 'no', auth: { type: 'md5', key: 'secret', key_id: 7 } } },
  });
  expect(changes).toEqual([]);
  expect(stdins(steps)).toEqual([]);
});

it.each<[string, unknown, string]>([
  [
    'another area: the old statement goes first',
    {
      networks: [
        { prefix: '10.96.0.0/24', area: 2 },
        { prefix: '192.168.1.0/24', area: 0 },
      ],
    },
    'router ospf\n no network 10.96.0.0/24 area 1\n network 10.96.0.0/24 area 2\nexit\n',
  ],
  ['no more routes of others', { redistribute: [] }, 'router ospf\n no redistribute connected\nexit\n'],
  [
    'other metrics',
    { redistribute: ['connected'] },
    'router ospf\n no redistribute connected\n redistribute connected\nexit\n',
  ],
  [
    'back to the default',
    { router_id: null, interfaces: { eth1: { cost: null } } },
    'router ospf\n no ospf router-id\nexit\ninterface eth1\n no ip ospf cost\nexit\n',
  ],
  ['another kind of area', { areas: { 1: { type: 'stub' } } }, 'router ospf\n no area 1 nssa\n area 1 stub\nexit\n'],
  [
    'another key with the same number',
    { interfaces: { eth1: { auth: { type: 'md5', key: 'new', key_id: 7 } } } },
    'interface eth1\n no ip ospf message-digest-key 7\n ip ospf authentication message-digest\n ip ospf message-digest-key 7 md5 new\nexit\n',
  ],
  [
    'no authentication',
    { interfaces: { eth1: { auth: { type: 'none' } } } },
    'interface eth1\n no ip ospf message-digest-key 7\n no ip ospf authentication\nexit\n',
  ],
  [
    'awake although all are passive no more',
    { passive_default: false, interfaces: { eth1: { passive: false } } },
    'router ospf\n no passive-interface default\nexit\ninterface eth1\n no ip ospf passive\nexit\n',
  ],
])('%s', (_, params, lines) => {
  expect(stdins(judge(params).steps)).toEqual([lines]);
});

it('puts the old key back when the change is undone', () => {
  const { back } = judge({ interfaces: { eth1: { auth: { type: 'md5', key: 'new', key_id: 9 } } } });
  expect(stdins(back)).toEqual([
    'interface eth1\n no ip ospf message-digest-key 9\n ip ospf authentication message-digest\n ip ospf message-digest-key 7 md5 secret\nexit\n',
  ]);
});

describe('reads', () => {
  const configOf = (router: readonly string[], eth1: readonly string[] = []) =>
    readConfig(
      ['interface eth1', ...eth1.map((line) => ` ${line}`), 'router ospf', ...router.map((line) => ` ${line}`)].join(
        '\n',
      ),
      Ospfd.parse({ areas: { 1: {} }, interfaces: { eth1: {} } }),
    );
  it.each([
    [[], 'off'],
    [['log-adjacency-changes'], 'changes'],
    [['log-adjacency-changes detail'], 'detail'],
  ])('%j as log: %s', (lines, log) => {
    expect(configOf(lines).log).toBe(log);
  });
  it.each<[readonly string[], object]>([
    [['area 0.0.0.1 stub'], { type: 'stub' }],
    [['area 1 stub', 'area 1 stub no-summary'], { type: 'stub', no_summary: true }],
    [['area 1 nssa', 'area 1 default-cost 7'], { type: 'nssa', default_cost: 7 }],
    [['area 1 authentication'], { authentication: 'text' }],
    [['area 1 authentication message-digest'], { authentication: 'md5' }],
    [['area 2 stub'], {}],
  ])('%j as an area', (lines, area) => {
    const none = { id: 1, type: 'normal', no_summary: false, default_cost: null, authentication: 'none' };
    expect(configOf(lines).areas).toEqual([{ ...none, ...area }]);
  });
  it.each<[readonly string[], string]>([
    [['ip ospf message-digest-key 3 md5 a'], 'none'],
    [['ip ospf authentication message-digest'], 'md5'],
    [['ip ospf authentication message-digest', 'ip ospf message-digest-key 3 md5 a'], authText('md5', 'a', 3)],
    [['ip ospf authentication'], 'text'],
    [['ip ospf authentication', 'ip ospf authentication-key a'], authText('text', 'a')],
  ])('%j as authentication', (lines, auth) => {
    expect(configOf([], lines).interfaces[0]?.auth).toBe(auth);
  });
});

describe('takes back what was before', () => {
  const blankFor = (lines: readonly string[]): string => probeText('frr', ...twice(`${lines.join('\n')}\n`), daemons);
  const twice = (text: string): [string, string] => [text, text];
  it.each<[string, readonly string[], unknown, string, string]>([
    [
      'md5 whose key stood with the area',
      ['interface eth1', ' ip ospf authentication message-digest', 'router ospf'],
      { interfaces: { eth1: { auth: { type: 'md5', key: 'a' } } } },
      'interface eth1\n ip ospf authentication message-digest\n ip ospf message-digest-key 1 md5 a\nexit\n',
      'interface eth1\n no ip ospf message-digest-key 1\n ip ospf authentication message-digest\nexit\n',
    ],
    [
      'text without a key',
      ['interface eth1', ' ip ospf authentication', 'router ospf'],
      { interfaces: { eth1: { auth: { type: 'text', key: 'a' } } } },
      'interface eth1\n ip ospf authentication\n ip ospf authentication-key a\nexit\n',
      'interface eth1\n no ip ospf authentication-key\n ip ospf authentication\nexit\n',
    ],
    [
      'the cost of a default route',
      ['router ospf', ' area 1 nssa', ' area 1 default-cost 7'],
      { areas: { 1: { type: 'nssa', default_cost: null } } },
      'router ospf\n no area 1 default-cost 7\nexit\n',
      'router ospf\n area 1 default-cost 7\nexit\n',
    ],
    [
      'an area that was an ordinary one',
      ['router ospf'],
      { areas: { 1: { type: 'stub', no_summary: true, authentication: 'md5' } } },
      'router ospf\n area 1 stub no-summary\n area 1 authentication message-digest\nexit\n',
      'router ospf\n no area 1 stub\n no area 1 authentication\nexit\n',
    ],
    [
      'routes through a map',
      ['router ospf', ' redistribute bgp metric 5'],
      { redistribute: [{ from: 'bgp', route_map: 'X' }] },
      'router ospf\n no redistribute bgp\n redistribute bgp route-map X\nexit\n',
      'router ospf\n no redistribute bgp\n redistribute bgp metric 5\nexit\n',
    ],
  ])('%s', (_, lines, params, forth, back) => {
    const { steps, back: undo } = judge(params, blankFor(lines));
    expect([stdins(steps), stdins(undo)]).toEqual([[forth], [back]]);
  });
});

it('knows interfaces and areas that it did not look at as untouched ones', () => {
  const params = { areas: { 1: { type: 'stub' } }, interfaces: { eth7: { cost: 5 } } };
  const p = Ospfd.parse(params);
  const seen = seenOf(probeText('frr', 'router ospf\n', 'router ospf\n', daemons));
  const [before, after] = [ospfd.state(seen, Ospfd.parse({})), ospfd.state(seen, p)];
  const want = overlayState(after, ospfd.want(p, after, seen), ospfd.compare) as typeof after;
  expect(stdins(ospfd.steps(before, want, p, seen))).toEqual([
    'router ospf\n area 1 stub\nexit\ninterface eth7\n ip ospf cost 5\nexit\n',
  ]);
  expect(ospfd.steps(before, want, p)).toEqual([]);
});

it.each([
  ['== p2p eth0 ppp0\n', []],
  ['== p2p\n', ['interfaces[ppp0].network_type']],
])('of a tunnel, after %j, point-to-point is worth saying: %j', (p2p, paths) => {
  const running = 'interface ppp0\n ip ospf cost 5\nrouter ospf\n';
  const params = { interfaces: { ppp0: { network_type: 'point-to-point' }, eth1: { network_type: 'broadcast' } } };
  const { changes } = judge(params, probeText('frr', running, running, daemons + p2p));
  expect(changes.map(({ path }) => path)).toEqual(paths);
});

it.each([
  ['eth1', 'eth2'],
  ['eth2', 'eth1'],
])('goes through interfaces in their order: %s, %s', (first, second) => {
  const text = probeText('frr', 'router ospf\n', 'router ospf\n', daemons);
  const { steps } = judge({ interfaces: { [first]: { cost: 5 }, [second]: { cost: 5 } } }, text);
  expect(stdins(steps)).toEqual(['interface eth1\n ip ospf cost 5\nexit\ninterface eth2\n ip ospf cost 5\nexit\n']);
});

it('warns of a host that does not forward, and of Quagga', () => {
  const warnings = (text: string, params = {}) => ospfd.warnings?.(Ospfd.parse(params), null, seenOf(text));
  const still = probeText('frr', frr, frr, daemons).replace('== forward 1', '== forward 0');
  expect(warnings(still)).toEqual([expect.stringContaining('this host does not forward packets')]);
  expect(warnings(still, { state: 'absent' })).toEqual([]);
  expect(warnings(probeText('quagga', quagga, quagga))).toEqual([
    expect.stringContaining('not been proved with Quagga'),
  ]);
  expect(warnings(probeText('frr', frr, frr, daemons))).toEqual([]);
});

it('saves what runs where there is no file', () => {
  const { now, changes } = judge({}, probeText('frr', frr, null, daemons));
  expect([now?.saved, changes.map(({ path }) => path)]).toEqual([false, ['saved']]);
});

it('only saves what runs already', () => {
  const { changes, steps } = judge({ router_id: '10.255.0.1' }, probeText('frr', frr, 'log syslog\n', daemons));
  expect(changes.map(({ path }) => path)).toEqual(['saved']);
  expect(steps).toEqual([
    { kind: 'exec', argv: ['vtysh', '-c', 'write memory'], environment: { VTYSH_HISTFILE: '/dev/null' } },
  ]);
});

it('enables a daemon that does not run, and then configures it', () => {
  const off = '== daemons\n|bgpd=no\n|ospfd=no\n';
  const { steps } = judge({ networks: [{ prefix: '10.0.0.0/8', area: 0 }] }, probeText('frr', null, '', off));
  expect(steps.map(({ kind }) => kind)).toEqual(['write', 'snippet', 'wait', 'snippet', 'exec']);
  expect(steps[0]).toMatchObject({ path: '/etc/frr/daemons', content: 'bgpd=no\nospfd=yes\n' });
});

it.each([
  ['no daemon of that name', '|bgpd=no\n', 'bgpd=no\nospfd=yes\n'],
  ['nothing', '', 'ospfd=yes\n'],
])('adds itself to a list of daemons with %s', (_, list, content) => {
  const { steps } = judge({ router_id: '10.0.0.1' }, probeText('frr', null, '', `== daemons\n${list}`));
  expect(steps[0]).toMatchObject({ path: '/etc/frr/daemons', content });
});

describe('Quagga, unproved', () => {
  it('keeps passive interfaces with the router', () => {
    const text = probeText('quagga', quagga, quagga, '== enabled\n');
    const { now, steps } = judge({ interfaces: { eth1: { passive: true }, eth2: { passive: false } } }, text);
    expect(now?.interfaces.map(({ name, passive }) => [name, passive])).toEqual([
      ['eth1', false],
      ['eth2', true],
    ]);
    expect(stdins(steps)).toEqual(['router ospf\n passive-interface eth1\n no passive-interface eth2\nexit\n']);
  });
  it('says nothing of interfaces that stay as they are', () => {
    const { steps } = judge({ interfaces: { eth2: { passive: true, cost: 5 } } }, probeText('quagga', quagga, quagga));
    expect(stdins(steps)).toEqual(['interface eth2\n ip ospf cost 5\nexit\n']);
  });
  it('has a unit for each daemon', () => {
    const { steps } = judge({ router_id: '10.0.0.1' }, probeText('quagga', null, null));
    expect(steps[0]).toMatchObject({ kind: 'snippet', args: ['quagga'] });
  });
});

it('says what is missing', () => {
  const output = { stdout: '', stderr: 'quagga is not installed\n', bytes: new Uint8Array() };
  expect(() => parseSeen({ ...output, code: 127 })).toThrow('no OSPF daemon is installed (vtysh is not there)');
  expect(() => parseSeen({ ...output, code: 1 })).toThrow('quagga is not installed');
});

it('does not take OSPF out of a file while the daemon is down', () => {
  expect(() => judge({ state: 'absent' }, probeText('frr', null, frr, daemons))).toThrow(
    'ospfd does not run, so nothing takes OSPF out of /etc/frr/frr.conf',
  );
});

it('reads back what it writes, whatever key it is', () => {
  const key = fc.stringMatching(/^[\x21-\x7e]{1,16}$/);
  fc.assert(
    fc.property(key, (secret) => {
      const params = { interfaces: { eth0: { auth: { type: 'md5' as const, key: secret } } } };
      const lines = stdins(judge(params).steps)[0] ?? '';
      const p = Ospfd.parse(params);
      expect(readConfig(lines, p).interfaces[0]?.auth).toBe(authText('md5', secret));
    }),
  );
});

it.each([
  ['0', 0],
  ['0.0.0.1', 1],
  ['1.0.0.0', 16_777_216],
  ['4294967295', 4_294_967_295],
  ['4294967296', NaN],
  ['0.0.0.256', NaN],
  ['-1', NaN],
])('area %s is %s', (text, id) => {
  expect(parseArea(text)).toBe(id);
});

it.each([
  ['connected  metric-type 2', 'connected'],
  ['bgp route-map X metric 5', 'bgp metric 5 route-map X'],
  ['bgp route-map metric metric 5', 'bgp metric 5 route-map metric'],
])('redistribute %s is %s', (text, canonical) => {
  expect(canonicalSource(text)).toBe(canonical);
  expect(canonicalSource(canonical)).toBe(canonical);
});

it.each<[unknown, string]>([
  [{ networks: [{ prefix: '192.168.1.0', area: 0 }] }, 'a network is written with its prefix length: 192.168.1.0/24'],
  [
    { networks: [{ prefix: '10.0.0.0/33', area: 0 }] },
    '"10.0.0.0/33" has no prefix length between 0 and 32: write e.g. "10.0.0.1/24"',
  ],
  [
    { networks: [{ prefix: '10.0.0.0/8', area: 4_294_967_296 }] },
    '4294967296 is no area: write 0 to 4294967295, or 0.0.0.1',
  ],
  [
    {
      networks: [
        { prefix: '10.0.0.0/8', area: 0 },
        { prefix: '10.1.0.0/16', area: 1 },
      ],
    },
    '10.1.0.0/16 in area 1 overlaps with 10.0.0.0/8 in area 0',
  ],
  [
    {
      networks: [
        { prefix: '10.0.0.0/8', area: 0 },
        { prefix: '10.0.0.9/8', area: 0 },
      ],
    },
    '10.0.0.0/8 is named twice',
  ],
  [{ networks: [{ prefix: '2001:db8::/32', area: 0 }] }, '2001:db8::/32 is IPv6: ospfd speaks IPv4 (OSPFv2)'],
  [{ interfaces: { eth0: { hello: 10, dead: 10 } } }, 'hello (10 s) must be below dead (10 s)'],
  [{ interfaces: { eth0: { dead: 10 } } }, 'hello (10 s) must be below dead (10 s)'],
  [{ interfaces: { 'a b': {} } }, '"a b" has white space in it, which an interface name cannot have'],
  [
    { networks: [{ prefix: '10.0.0.0/8', area: 0 }], interfaces: { eth0: { area: 0 } } },
    'the daemon takes either networks or the area of interfaces, not both',
  ],
  [{ interfaces: { eth0: { auth: { type: 'md5' } } } }, 'md5 needs a key'],
  [{ interfaces: { eth0: { auth: { type: 'none', key: 'a' } } } }, 'no authentication has no key'],
  [
    { interfaces: { eth0: { auth: { type: 'md5', key: '12345678901234567' } } } },
    'the key is too long: 16 characters are sent',
  ],
  [{ areas: { '0.0.0': {} } }, '"0.0.0" is no area: write 0 to 4294967295, or 0.0.0.1'],
  [{ areas: { 1: {}, '0.0.0.1': {} } }, 'an area is named twice'],
  [{ router_id: '2001:db8::1' }, 'a router id is written as an IPv4 address'],
  [
    { interfaces: { eth0: { auth: { type: 'text', key: '123456789' } } } },
    'the key is too long: 8 characters are sent',
  ],
  [{ interfaces: { eth0: { auth: { type: 'md5', key: 'a\nb' } } } }, 'a key is one word without spaces'],
  [{ areas: { 0: { type: 'stub' } } }, 'the backbone, area 0, cannot be a stub'],
  [{ areas: { 1: { no_summary: true } } }, 'no_summary goes with stub or nssa'],
  [{ redistribute: ['static', { from: 'static' }] }, 'a source of routes is named twice'],
])('refuses %j', (params, message) => {
  expect(messageOf(Ospfd, params)).toBe(message);
});
