import { z } from 'zod';
import type { Json } from '../../util/json.ts';
import type { ProbeOutput } from '../probe.ts';
import { noSuchDevice } from './bridge.ts';
import { parseTcClassText } from './tc-class-text.ts';
import { readJson, toolJson, toolText } from './tool-output.ts';

/** A queueing discipline as `tc -j qdisc show` tells it. */
export interface Qdisc {
  readonly kind: string;
  /** `1:`, canonical hexadecimal. */
  readonly handle: string;
  readonly root: boolean;
  readonly parent: string | undefined;
  readonly options: Readonly<Record<string, Json>>;
}

const RawQdiscs = z.array(
  z.object({
    kind: z.string(),
    handle: z.string().default('0:'),
    root: z.boolean().default(false),
    parent: z.string().optional(),
    options: z.record(z.string(), z.json()).default({}),
  }),
);

/** Reads `tc -j qdisc show dev X`. */
export const parseQdiscs = (output: ProbeOutput): readonly Qdisc[] =>
  noSuchDevice(output)
    ? []
    : toolJson(output, 'tc -j qdisc show', RawQdiscs).map((raw) => ({ ...raw, parent: raw.parent }));

/** A class of HTB. Rates in bytes/s, sizes in bytes, as the kernel has them. */
export interface HtbClass {
  /** `1:10`, canonical hexadecimal. */
  readonly classid: string;
  /** Undefined: the root. */
  readonly parent: string | undefined;
  /** Handle of the qdisc below. */
  readonly leaf: string | undefined;
  readonly rate: TcNumber;
  readonly ceil: TcNumber;
  readonly burst: TcNumber;
  readonly cburst: TcNumber;
  readonly prio: number;
  readonly quantum: number | undefined;
}

/** A number as tc printed it: text rounds, so that the true value lies within `value` ± `error`. */
export interface TcNumber {
  readonly value: number;
  readonly error: number;
}

const RawClasses = z.array(
  z.object({
    class: z.string(),
    handle: z.string(),
    root: z.boolean().default(false),
    parent: z.string().optional(),
    leaf: z.string().optional(),
    prio: z.int().default(0),
    quantum: z.int().optional(),
    rate: z.number(),
    ceil: z.number(),
    burst: z.number(),
    cburst: z.number(),
  }),
);

/**
 * Reads `tc -d -j class show dev X`: JSON from iproute2 6.2 on, text before, whatever `-j` says. Told apart by the first
 * byte, as versions lie where distributions patch. Only classes of HTB are in the answer.
 */
export function parseHtbClasses(output: ProbeOutput): readonly HtbClass[] {
  if (noSuchDevice(output)) return [];
  const text = toolText(output, 'tc -j class show').trim();
  if (!text.startsWith('[')) return parseTcClassText(text);
  const exact = (value: number): TcNumber => ({ value, error: 0 });
  return readJson(text, 'tc -j class show', RawClasses)
    .filter((raw) => raw.class === 'htb')
    .map((raw) => ({
      classid: raw.handle,
      parent: raw.root ? undefined : raw.parent,
      leaf: raw.leaf,
      rate: exact(raw.rate),
      ceil: exact(raw.ceil),
      burst: exact(raw.burst),
      cburst: exact(raw.cburst),
      prio: raw.prio,
      quantum: raw.quantum,
    }));
}
