import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { parseHandle } from './handle.ts';
import { tcHtb } from './index.ts';
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
