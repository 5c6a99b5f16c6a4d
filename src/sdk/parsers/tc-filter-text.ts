import type { ProbeOutput } from '../probe.ts';
import { noSuchDevice } from './bridge.ts';
import { toolText } from './tool-output.ts';

/** A u32 match on 32 bits: `value/mask at offset`, hexadecimal as tc prints it. */
export interface U32Match {
  readonly value: string;
  readonly mask: string;
  /** Bytes from the start of the network header. */
  readonly offset: number;
}

/** A classifier of a qdisc. */
export interface TcFilter {
  readonly kind: string;
  readonly protocol: string;
  readonly pref: number;
  readonly handle: string | undefined;
  readonly flowid: string | undefined;
  readonly matches: readonly U32Match[];
}

/**
 * Reads the text of `tc filter show dev X parent Y`. Text, not JSON: tc prints several matches of one u32 filter as
 * several keys `match` of one object (iproute2 6.1), of which a JSON reader keeps the last. Lines that only announce a
 * hash table are left out.
 */
export function parseFilters(output: ProbeOutput): readonly TcFilter[] {
  if (noSuchDevice(output)) return [];
  const filters: (TcFilter & { readonly matches: U32Match[] })[] = [];
  for (const line of toolText(output, 'tc filter show').split('\n')) {
    const head = /^filter (?:parent \S+ )?protocol (\S+) pref (\d+) (\S+)/.exec(line);
    const match = /^\s+match ([0-9a-f]{8})\/([0-9a-f]{8}) at (-?\d+)/.exec(line);
    if (head !== null) {
      const [, protocol = '', pref, kind = ''] = head;
      const handle = /\b(?:fh|handle) (\S+)/.exec(line)?.[1];
      const flowid = /\*?(?:flowid|classid) (\S+)/.exec(line)?.[1];
      filters.push({ kind, protocol, pref: Number(pref), handle, flowid, matches: [] });
    } else if (match !== null) {
      const [, value = '', mask = '', offset] = match;
      filters.at(-1)?.matches.push({ value, mask, offset: Number(offset) });
    }
  }
  return filters.filter((filter) => filter.flowid !== undefined || filter.kind !== 'u32');
}
