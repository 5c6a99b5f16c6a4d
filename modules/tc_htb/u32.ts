import { bare, type TcFilter } from '../../src/sdk/index.ts';
import type { FilterParams } from './params.ts';

/** A filter in canonical form; `match`: words of 32 bits, `value/mask@offset`, in their order. */
export type FilterState = { parent: string; prio: number; protocol: string; match: string; flowid: string };

interface Word {
  value: number;
  mask: number;
}

const protocols = { icmp: 1, tcp: 6, udp: 17, gre: 47, esp: 50, icmpv6: 58, sctp: 132 } as const;

/** The words of a packet that a filter looks at. tc joins those at one offset, so they are joined here. */
export function wantedFilter(filter: FilterParams, root: string): FilterState {
  const words = new Map<number, Word>();
  const add = (offset: number, value: number, mask: number): void => {
    const word = words.get(offset) ?? { value: 0, mask: 0 };
    words.set(offset, { value: (word.value | value) >>> 0, mask: (word.mask | mask) >>> 0 });
  };
  const six = filter.protocol === 'ipv6';
  // Offsets in bytes from the network header; ports stand behind a header without options.
  const at = six ? { src: 8, dst: 24, ports: 40 } : { src: 12, dst: 16, ports: 20 };
  if (filter.tos !== undefined) {
    if (six) add(0, filter.tos << 20, 0x0ff00000);
    else add(0, filter.tos << 16, 0x00ff0000);
  }
  if (filter.ip_proto !== undefined) {
    const number = typeof filter.ip_proto === 'number' ? filter.ip_proto : protocols[filter.ip_proto];
    if (six) add(4, number << 8, 0x0000ff00);
    else add(8, number << 16, 0x00ff0000);
  }
  for (const key of ['src', 'dst'] as const) {
    const net = filter[key];
    if (net !== undefined)
      for (const [i, word] of addressWords(net).entries())
        if (word.mask !== 0) add(at[key] + i * 4, word.value, word.mask);
  }
  if (filter.sport !== undefined) add(at.ports, filter.sport << 16, 0xffff0000);
  if (filter.dport !== undefined) add(at.ports, filter.dport, 0x0000ffff);
  const match = [...words].map(([offset, { value, mask }]) => text(value, mask, offset)).join(' ');
  return { parent: filter.parent ?? root, prio: filter.prio, protocol: filter.protocol, match, flowid: filter.flowid };
}

const text = (value: number, mask: number, offset: number): string => `${hex(value)}/${hex(mask)}@${offset}`;
const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** An address as words of 32 bits, with the mask of its prefix. */
function addressWords(net: string): readonly Word[] {
  const length = Number(net.slice(net.indexOf('/') + 1));
  const bytes = addressBytes(bare(net));
  return Array.from({ length: bytes.length / 4 }, (_, i) => {
    const value = bytes.slice(i * 4, i * 4 + 4).reduce((word, byte) => (word << 8) | byte, 0) >>> 0;
    const bits = Math.min(32, Math.max(0, length - i * 32));
    const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
    return { value: (value & mask) >>> 0, mask };
  });
}

// Canonical addresses only: dots, or groups with at most one `::`.
function addressBytes(address: string): readonly number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
  const [head = '', tail] = address.split('::');
  const groups = (part: string): readonly number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => (group.includes('.') ? pairs(group) : [Number.parseInt(group, 16)]));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...(tail === undefined ? [] : zeros), ...last].flatMap((group) => [group >> 8, group & 0xff]);
}

const pairs = (dotted: string): readonly number[] => {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
};

/** A filter as tc printed it. */
export const readFilter = (parent: string, { pref, protocol, matches, flowid = '' }: TcFilter): FilterState => ({
  parent,
  prio: pref,
  protocol,
  match: matches.map(({ value, mask, offset }) => `${value}/${mask}@${offset}`).join(' '),
  flowid,
});

/** The same as words for tc. */
export const matchWords = (match: string): readonly string[] =>
  [...match.matchAll(/(\w+)\/(\w+)@(-?\d+)/g)].flatMap(([, value = '', mask = '', offset = '']) => [
    'match',
    'u32',
    `0x${value}`,
    `0x${mask}`,
    'at',
    offset,
  ]);
