import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { parseHandle } from './handle.ts';
import { tcHtb } from './index.ts';
import { htbSteps } from './steps.ts';
import { wantedFilter } from './u32.ts';

const one = { classid: '1:1', rate: '10mbit' };
const parse = (params: object) =>
  tcHtb.params.parse({ dev: 'eth0', classes: [one, { classid: '1:10', parent: '1:1', rate: '1mbit' }], ...params });

describe('parameters', () => {
  it.each(tcHtb.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(tcHtb.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    ['1:10', '1:10'],
    ['0x1:0x0A', '1:a'],
    ['01:', '1:'],
    ['1:0', '1:'],
    ['ffff:FFF1', 'ffff:fff1'],
  ])('handle %s', (text, handle) => {
    expect(parseHandle(text)).toBe(handle);
    expect(parseHandle(handle)).toBe(handle);
  });
  it('a handle is what tc takes for one', () => {
    expect(() => parseHandle('12345:')).toThrow('"12345:" is no handle');
  });
  it.each([
    [30, '30'],
    ['30', '30'],
    ['0x30', '30'],
    ['1:30', '30'],
    ['0A', 'a'],
  ])('default %j', (value, expected) => {
    expect(parse({ default: value, replace: false }).default).toBe(expected);
  });
  it.each([
    [
      { classes: [{ classid: '1:2', parent: '1:1', rate: 1000 }] },
      'there is no class 1:1: the kernel would put 1:2 at the root',
    ],
    [{ classes: [{ ...one, ceil: '5mbit' }] }, 'ceil 5mbit of 1:1 is below its rate 10mbit'],
    [{ classes: [one, one] }, 'class 1:1 is there twice'],
    [{ classes: [{ ...one, classid: '2:1' }] }, 'class 2:1 does not belong to the root 1:'],
    [
      {
        classes: [
          one,
          { classid: '1:2', parent: '1:1', rate: '6mbit' },
          { classid: '1:3', parent: '1:1', rate: '6mbit' },
        ],
      },
      'the classes below 1:1 are promised 12mbit, it has 10mbit',
    ],
    [{ classes: [one], default: 30 }, 'there is no class 1:30 for default: packets would pass unshaped'],
    [
      {
        classes: [
          { classid: '1:1', parent: '1:2', rate: 8 },
          { classid: '1:2', parent: '1:1', rate: 8 },
        ],
      },
      '1:1 is its own ancestor',
    ],
    [
      {
        classes: Array.from({ length: 9 }, (_, i) => ({
          classid: `1:${i + 1}`,
          rate: '1mbit',
          ...(i === 0 ? {} : { parent: `1:${i}` }),
        })),
      },
      'HTB has at most 8 levels',
    ],
    [{ classes: [one], filters: [{ flowid: '1:7', dport: 1 }] }, 'there is no class 1:7'],
    [{ classes: [one], filters: [{ flowid: '1:1' }] }, 'a filter without a match takes everything: set default'],
    [{ classes: [one], filters: [{ flowid: '1:1', dst: 'fd00::/8' }] }, 'fd00::/8 is not of protocol ip'],
    [{ classes: [{ ...one, classid: 70 }] }, 'a handle is text, not a number (70): quote it'],
    [{ classes: [{ ...one, classid: '1:' }] }, '"1:" is a qdisc: a class has a number behind the colon, "1:10"'],
    [{ root_handle: '1:1' }, '"1:1" is a class: a qdisc ends in a colon, "1:"'],
    [{ classes: [{ ...one, classid: true }] }, 'a handle is text like "1:10"'],
    [{ classes: [{ ...one, classid: '1' }] }, '"1" is no handle: write hexadecimal numbers as in "1:" or "1:10"'],
    [{ root_handle: '02:', classes: [{ ...one, classid: '2:1' }] }, undefined],
    [{ classes: [one], filters: [{ flowid: '1:1', dport: 1, parent: '1:5' }] }, 'there is no class 1:5'],
    [{ classes: [one], filters: [{ flowid: '1:1', dport: 1, parent: '1:' }] }, undefined],
    [{ default: 'x' }, '"x" is no number of a class: write 30 for class 1:30'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(tcHtb.params, { dev: 'eth0', ...params })).toBe(message);
  });
});

describe('filters', () => {
  it.each([
    [{ dst: '10.1.2.3' }, '0a010203/ffffffff@16'],
    [{ src: '10.1.2.3/20' }, '0a010000/fffff000@12'],
    [{ sport: 80, dport: 443 }, '005001bb/ffffffff@20'],
    [{ ip_proto: 'udp', tos: 16 }, '00100000/00ff0000@0 00110000/00ff0000@8'],
    [{ protocol: 'ipv6', dst: '2001:db8:1::/48' }, '20010db8/ffffffff@24 00010000/ffff0000@28'],
    [
      { protocol: 'ipv6', src: '::ffff:10.0.0.1', ip_proto: 6 },
      '00000600/0000ff00@4 00000000/ffffffff@8 00000000/ffffffff@12 0000ffff/ffffffff@16 0a000001/ffffffff@20',
    ],
    [{ src: '192.0.0.0/2' }, 'c0000000/c0000000@12'],
    [{ protocol: 'ipv6', tos: 16 }, '01000000/0ff00000@0'],
    [
      { protocol: 'ipv6', dst: '2001:db8:1:2:3:4:5:6' },
      '20010db8/ffffffff@24 00010002/ffffffff@28 00030004/ffffffff@32 00050006/ffffffff@36',
    ],
  ])('%j', (filter, match) => {
    const [parsed] = parse({ filters: [{ flowid: '1:10', ...filter }] }).filters ?? [];
    expect(parsed === undefined ? undefined : wantedFilter(parsed, '1:').match).toBe(match);
  });
});

describe('quantum', () => {
  const around = { exists: true, mtu: 9000, ovs: false, qdiscs: [], classes: [], filters: [] };
  it.each([
    ['10gbit', undefined, 60_000],
    ['8kbit', undefined, 9000],
    ['10mbit', undefined, undefined],
    ['10gbit', 3000, 3000],
  ])('of %s is %s, or %s', (rate, quantum, expected) => {
    const p = parse({ classes: [{ classid: '1:1', rate, ...(quantum === undefined ? {} : { quantum }) }] });
    expect(tcHtb.want(p, null, { seen: around })?.classes?.[0]?.quantum).toBe(expected);
  });
});

describe('steps', () => {
  const lines = (...[from, to]: [Parameters<typeof htbSteps>[1], Parameters<typeof htbSteps>[2]]) =>
    htbSteps('d', from, to).flatMap((step) => (step.kind === 'exec' ? (step.stdin ?? '').trimEnd().split('\n') : []));
  const rest = { parent: '1:5', protocol: 'ip', flowid: '1:10' };
  it.each<[string, ...Parameters<typeof lines>, string[]]>([
    ['little that is asked for', null, {}, ['qdisc replace dev d root handle 1: htb']],
    [
      'a class that is only named',
      null,
      { handle: '2:', classes: [{ classid: '2:1' }, { classid: '2:2', rate: 8 }] },
      [
        'qdisc replace dev d root handle 2: htb',
        'class add dev d parent 2: classid 2:1 htb rate 0bit ceil 0bit prio 0',
        'class add dev d parent 2: classid 2:2 htb rate 8bit ceil 8bit prio 0',
      ],
    ],
    ['what is not spoken of', { default: '1' }, { default: '1' }, []],
    [
      'what is not spoken of, and stands',
      { classes: [{ classid: '1:1' }], filters: [] },
      { r2q: undefined } as object,
      [],
    ],
    [
      'a leaf as somebody has made it',
      { classes: [{ classid: '1:1', leaf: null }] },
      { classes: [{ classid: '1:1', leaf: { kind: 'sfq', limit: 9, perturb: 10, handle: '10:' } }] },
      ['qdisc add dev d parent 1:1 handle 10: sfq limit 9 perturb 10'],
    ],
    [
      'a filter below a class, of several words',
      { filters: [] },
      { filters: [{ ...rest, prio: 7, match: '0a000001/ffffffff@12 00000000/00000000@-4' }] },
      [
        'filter add dev d parent 1:5 protocol ip prio 7 u32 match u32 0x0a000001 0xffffffff at 12 match u32 0x00000000 0x00000000 at -4 flowid 1:10',
      ],
    ],
  ])('%s', (_name, from, to, expected) => {
    expect(lines(from, to)).toEqual(expected);
  });
});

describe('a host', () => {
  const root = (options: object, ...others: object[]) =>
    JSON.stringify([{ kind: 'htb', handle: '1:', root: true, options }, ...others]);
  const classes = (...list: object[]) =>
    JSON.stringify(
      list.map((item) => ({ class: 'htb', rate: 125_000, ceil: 125_000, burst: 1600, cburst: 1600, prio: 0, ...item })),
    );
  const on = (params: object, qdiscs: string, kinds: string, ...more: string[]) =>
    replay(
      tcHtb,
      { params: { dev: 'vnet3', ...params } },
      { seen: { stdout: ['mtu 1500', '#qdiscs', qdiscs, '#classes', kinds, ...more] } },
    );
  const mine = { classid: '1:1', rate: '1mbit' };
  it('says less of its qdisc, and has a leaf of somebody', () => {
    const leaf = { kind: 'pfifo', handle: '10:', parent: '1:1', options: { limit: 5 } };
    expect(on({ classes: [mine] }, root({}, leaf), classes({ handle: '1:1', root: true })).state).toEqual({
      handle: '1:',
      default: '0',
      r2q: 10,
      direct_qlen: null,
      classes: [
        {
          classid: '1:1',
          parent: '1:',
          rate: 1_000_000,
          ceil: 1_000_000,
          burst: null,
          cburst: null,
          prio: 0,
          quantum: null,
          leaf: { kind: 'pfifo', limit: 5, perturb: null, handle: '10:' },
        },
      ],
      filters: [],
    });
  });
  it('is shaped by libvirt', () => {
    const sfq = { kind: 'sfq', handle: '2:', parent: '1:1', options: { limit: 127 } };
    const libvirt = [root({ default: '0x1' }, sfq), classes({ handle: '1:1', root: true })] as const;
    expect(on({ classes: [mine] }, ...libvirt).refused).toBe('vnet3 is shaped by libvirt (bandwidth of its interface)');
    expect(on({ dev: 'eth0', classes: [mine] }, ...libvirt).refused).toBeUndefined();
    expect(on({ classes: [mine], default: 1 }, ...libvirt).refused).toBeUndefined();
    const fifo = { ...sfq, kind: 'pfifo' };
    expect(on({ classes: [mine] }, root({ default: '0x1' }, fifo), libvirt[1]).refused).toBeUndefined();
  });
  it('has a port of Open vSwitch', () => {
    const said = replay(
      tcHtb,
      { params: { dev: 'vnet3', default: 1, classes: [mine] } },
      { seen: { stdout: ['mtu 1500', 'master ovs-system', '#qdiscs', '[]', '#classes', '[]'] } },
    );
    expect(said.warnings).toEqual([
      'vnet3 is a port of Open vSwitch, which takes foreign qdiscs away: give its port QoS of type linux-noop',
    ]);
  });
  it('keeps classes and filters of others', () => {
    const two = { classid: '1:2', rate: '1mbit' };
    const filters = [
      '#filters 1:',
      'filter protocol ip pref 5 u32 chain 0 ',
      'filter protocol ip pref 5 u32 chain 0 fh 800: ht divisor 1 ',
      'filter protocol ip pref 5 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 flowid 1:1 not_in_hw ',
      '  match 0a000001/ffffffff at 12',
    ];
    const params = { replace: false, classes: [two], filters: [{ flowid: '1:2', dport: 53 }] };
    expect(on(params, root({}), classes({ handle: '1:1', root: true }), ...filters)).toMatchObject({
      state: { filters: [{ prio: 5, match: '0a000001/ffffffff@12', flowid: '1:1' }] },
      changes: [expect.stringContaining('classes[1:2]: null ->'), expect.stringContaining('filters')],
      steps: [expect.not.stringContaining('prio 5')],
      undo: [expect.not.stringContaining('prio 5')],
    });
    expect(on({ ...params, filters: undefined }, '[]', '[]').steps).toEqual([
      'tc -batch - < "qdisc replace dev vnet3 root handle 1: htb\\nclass add dev vnet3 parent 1: classid 1:2 htb rate 1000000bit ceil 1000000bit prio 0\\n"',
    ]);
  });
});
