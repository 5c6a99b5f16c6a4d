import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { ovsBridge } from './index.ts';
import type { State } from './read.ts';
import { bridgeSteps, type Goal } from './steps.ts';

const targetHelp = 'write e.g. "tcp:10.0.0.1:6653", "ssl:[fd00::1]:6653", "unix:/run/x.sock" or "ptcp:6653"';

describe('parameters', () => {
  it.each(ovsBridge.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ovsBridge.params.safeParse(params).error).toBeUndefined();
  });
  it('become canonical', () => {
    const given = {
      name: 'br0',
      stp: 'off',
      other_config: { a: 1, b: true, c: null },
      controllers: ['ptcp:6640:[::1]'],
    };
    expect(ovsBridge.params.parse(given)).toMatchObject({
      stp: false,
      other_config: { a: '1', b: 'true', c: null },
      controllers: [{ target: 'ptcp:6640:[::1]' }],
      replace: false,
      state: 'present',
    });
  });
  it.each([
    ['tcp:10.0.0.1'],
    ['tcp:10.0.0.1:6653'],
    ['ssl:[fd00::1]:6653'],
    ['tcp:controller.example:6653'],
    ['unix:/run/c.sock'],
    ['ptcp:6653'],
    ['pssl:6653:10.0.0.1'],
    ['punix:/run/c.mgmt'],
  ])('takes the controller %s', (target) => {
    expect(messageOf(ovsBridge.params, { name: 'br0', controllers: [target] })).toBeUndefined();
  });
  it.each([
    [
      { name: 'a-bridge-with-a-long-name' },
      '"a-bridge-with-a-long-name" has 25 bytes, an interface name has at most 15: shorten it',
    ],
    [{ name: '--' }, '"--" begins with - or @: the programs of Open vSwitch would misread it'],
    [{ stp: true, rstp: 'yes' }, 'stp and rstp exclude each other: choose one'],
    [{ protocols: ['1.3'] }, 'expected one of OpenFlow10, OpenFlow11, OpenFlow12, OpenFlow13, OpenFlow14, OpenFlow15'],
    [{ controllers: [{ target: '10.0.0.1:6653' }] }, `"10.0.0.1:6653" is no controller: ${targetHelp}`],
    [{ controllers: [{ target: 'tcp:10.0.1:6653' }] }, `"tcp:10.0.1:6653" is no controller: ${targetHelp}`],
    [{ controllers: [{ target: 'tcp:fd00::1:6653' }] }, `"tcp:fd00::1:6653" is no controller: ${targetHelp}`],
    [{ controllers: [{ target: 'tcp:10.0.0.1:99999' }] }, 'the port of tcp:10.0.0.1:99999 is not between 1 and 65535'],
    [{ controllers: [{ target: 'unix:x.sock' }] }, `"unix:x.sock" is no controller: ${targetHelp}`],
    [{ controllers: ['tcp:10.0.0.1', 'tcp:10.0.0.1'] }, 'the controller tcp:10.0.0.1 is named twice'],
    [{ other_config: { a: [] } }, 'expected text, a number, yes or no; null takes the key out'],
    [{ other_config: { a: '\0' } }, 'a NUL character cannot be stored'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(ovsBridge.params, { name: 'br0', ...params })).toBe(message);
  });
});

const state: State = {
  datapath_type: null,
  fail_mode: null,
  protocols: [],
  controllers: [],
  other_config: {},
  external_ids: {},
  stp: false,
  rstp: false,
  mcast_snooping: false,
  error: null,
  ports: {},
  mirrors: [],
  more: { flood_vlans: [] },
  move: null,
  port: false,
};

describe('steps', () => {
  /** What is given to the first program, as one line. */
  const line = (from: Goal | null, to: Goal | null): string => {
    const [first] = bridgeSteps('br0', from, to);
    return first?.kind === 'exec' ? first.argv.slice(3).join(' ') : '';
  };
  it.each<[string, Goal | null, Goal | null, string]>([
    ['nothing', state, state, ''],
    ['nothing of nothing', null, null, ''],
    ['removal', state, null, '--if-exists del-br br0'],
    ['new', null, { error: null }, 'add-br br0'],
    [
      'all at once',
      null,
      { datapath_type: 'netdev', fail_mode: 'secure', protocols: ['OpenFlow10', 'OpenFlow13'], stp: true, rstp: false },
      'add-br br0 -- set Bridge br0 datapath_type="netdev" fail_mode="secure" protocols=["OpenFlow10","OpenFlow13"] stp_enable=true',
    ],
    [
      'back to the defaults',
      { ...state, fail_mode: 'secure', protocols: ['OpenFlow10'], other_config: { a: '1', 'b c': '2' } },
      { ...state, other_config: { a: null } },
      'clear Bridge br0 fail_mode -- clear Bridge br0 protocols -- remove Bridge br0 other_config "a" "b c"',
    ],
    [
      'one key',
      { ...state, other_config: { a: '1', b: '2' } },
      { ...state, other_config: { a: '"', b: '2' } },
      'set Bridge br0 other_config:"a"="\\""',
    ],
    [
      'controllers',
      state,
      { ...state, controllers: [{ target: 'tcp:10.0.0.1', max_backoff: 1000 }, { target: 'ptcp:1' }] },
      '--id=@c0 create Controller target="tcp:10.0.0.1" max_backoff=1000 -- --id=@c1 create Controller target="ptcp:1" -- set Bridge br0 controller=[@c0,@c1]',
    ],
    ['no controllers', { ...state, controllers: [{ target: 'ptcp:1' }] }, state, 'clear Bridge br0 controller'],
    [
      'the same controllers, told otherwise',
      { ...state, controllers: [{ target: 'b', max_backoff: null, other_config: {} }, { target: 'a' }] },
      { ...state, controllers: [{ target: 'a' }, { target: 'b' }] },
      '',
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(line(from, to)).toBe(expected);
  });
  it('looks at the bridge afterwards, with the way back', () => {
    const [, check] = bridgeSteps('br0', null, { fail_mode: 'secure' });
    expect(check).toMatchObject({ kind: 'snippet', args: ['1', 'br0', '--if-exists', 'del-br', 'br0'] });
    // What was broken before is not made better by taking the change back.
    expect(bridgeSteps('br0', { ...state, error: 'broken' }, { ...state, stp: true })).toHaveLength(1);
  });
});

describe('what a change passes over', () => {
  const p = ovsBridge.params.parse({ name: 'br0' });
  const full: State = {
    ...state,
    ports: {
      bond0: { columns: {}, interfaces: { eth0: {}, eth1: {} } },
      br0: { columns: {}, interfaces: { br0: {} } },
    },
  };
  const links = ['br0', 'eth0', 'eth1'];
  it.each<[string, Goal | null, Goal | null, unknown]>([
    ['a new bridge: nothing', null, state, 'none'],
    ['one that goes: all that it carries', full, null, { links }],
    ['without a controller nothing may be forwarded', full, { ...full, fail_mode: 'secure' }, { links }],
    ['another controller', full, { ...full, controllers: [{ target: 'ptcp:1' }] }, { links }],
    ['spanning tree has to learn first', full, { ...full, stp: true }, { links, effect: 'flap' }],
    ['marks for other programs', full, { ...full, external_ids: { a: 'b' } }, 'none'],
  ])('%s', (_name, from, to, expected) => {
    expect(ovsBridge.touches?.(from as State | null, to as State | null, p)).toEqual(expected);
  });
});

describe('move_ip_from', () => {
  const p = ovsBridge.params.parse({ name: 'br0', move_ip_from: 'eth0' });
  const route = { to: 'default', family: 4 as const, via: '10.0.0.254', metric: 0, table: 'main', source: null };
  const none = { addresses: [], routes: [] };
  const layer3 = { addresses: ['10.0.0.1/24', 'fd00::1/64'], routes: [route] };
  const before: State = { ...state, move: { up: false, ...none, nic: layer3 } };
  const after: Goal = {
    other_config: { hwaddr: '02:00:00:00:00:01' },
    error: null,
    port: true,
    move: { up: true, ...layer3, nic: none },
  };
  const words = new Map([
    ['10.0.0.1/24', ['broadcast', '10.0.0.255']],
    ['fd00::1/64', ['nodad']],
  ]);
  const run = (from: Goal | null, to: Goal | null): readonly string[] =>
    bridgeSteps('br0', from, to, { nic: 'eth0', words }).flatMap((step) =>
      step.kind !== 'exec'
        ? []
        : step.argv[0] === 'ip'
          ? (step.stdin ?? '').trim().split('\n')
          : [step.argv.slice(3).join(' ')],
    );
  const toBridge = [
    'addr replace 10.0.0.1/24 broadcast 10.0.0.255 dev br0',
    'addr replace fd00::1/64 dev br0 nodad',
    'link set dev br0 up',
    'addr del 10.0.0.1/24 dev eth0',
    'addr del fd00::1/64 dev eth0',
    'route del default via 10.0.0.254 dev eth0 metric 0 table main',
    'route replace default via 10.0.0.254 dev br0 metric 0 table main',
  ];
  const toLink = [
    'addr replace 10.0.0.1/24 broadcast 10.0.0.255 dev eth0',
    'addr replace fd00::1/64 dev eth0 nodad',
    'addr del 10.0.0.1/24 dev br0',
    'addr del fd00::1/64 dev br0',
    'route replace default via 10.0.0.254 dev eth0 metric 0 table main',
  ];

  it('makes a bridge that takes over, and gives back what it took when it goes', () => {
    const made =
      'add-br br0 -- set Bridge br0 other_config:"hwaddr"="02:00:00:00:00:01" -- --may-exist add-port br0 eth0';
    expect(run(null, after)).toEqual([made, ...toBridge]);
    expect(run(after, null)).toEqual([
      '--if-exists del-br br0',
      ...toLink.slice(0, 4),
      'route del default via 10.0.0.254 dev br0 metric 0 table main',
      ...toLink.slice(4),
    ]);
  });

  it('makes the link a port of a bridge that is there, and no port again', () => {
    expect(run(before, { ...before, ...after })).toEqual([
      'set Bridge br0 other_config:"hwaddr"="02:00:00:00:00:01" -- --may-exist add-port br0 eth0',
      ...toBridge,
    ]);
    expect(run({ ...before, ...after }, before)).toEqual([
      'remove Bridge br0 other_config "hwaddr" -- --if-exists del-port br0 eth0',
      ...toLink.slice(0, 4),
      'route del default via 10.0.0.254 dev br0 metric 0 table main',
      ...toLink.slice(4),
    ]);
  });

  it('does nothing where all is in place', () => {
    expect(run({ ...state, ...after }, { ...state, ...after })).toEqual([]);
  });

  it('brings the addresses back at boot, whoever has given them to the link meanwhile', () => {
    const boot = ovsBridge.boot?.(p);
    if (boot?.state === undefined || boot.state === null) throw new Error('it has a unit');
    const goal = boot.keeps?.({ ...state, ...after }) ?? null;
    expect(run(boot.state, goal)).toEqual(toBridge.filter((line) => !line.startsWith('route del')));
    expect(ovsBridge.boot?.(ovsBridge.params.parse({ name: 'br0' }))).toBeUndefined();
  });

  it('touches what it moves', () => {
    expect(ovsBridge.touches?.(before, { ...before, ...after }, p)).toEqual({
      links: ['br0', 'eth0'],
      addresses: ['10.0.0.1/24', 'fd00::1/64'],
      routes: ['10.0.0.0/24', 'fd00::/64'],
    });
    expect(ovsBridge.touches?.(before, before, p)).toBe('none');
  });

  it('is refused for the bridge itself', () => {
    expect(messageOf(ovsBridge.params, { name: 'br0', move_ip_from: 'br0' })).toBe('br0 cannot be its own port');
  });
});
