import {
  parseFilters,
  parseHtbClasses,
  parseQdiscs,
  probeScript,
  sh,
  toolText,
  type HtbClass,
  type Probe,
  type ProbeOutput,
  type Qdisc,
  type TcFilter,
  type TcNumber,
} from '../../src/sdk/index.ts';
import { parseHandle } from './handle.ts';
import type { ClassParams, TcHtb } from './params.ts';
import { readFilter, type FilterState } from './u32.ts';

export type LeafState = {
  kind: string;
  limit: number | null;
  perturb: number | null;
  /** Never wanted: what somebody gave it by hand, for an undo; null: the kernel's own. */
  handle: string | null;
};
/** Rates in bits/s, sizes in bytes. */
export type ClassState = {
  classid: string;
  parent: string;
  rate: number;
  ceil: number;
  /** Null: as tc computes it. */
  burst: number | null;
  cburst: number | null;
  prio: number;
  /** Null: a class with others below has none. */
  quantum: number | null;
  leaf: LeafState | null;
};
export type State = {
  handle: string;
  default: string;
  r2q: number;
  direct_qlen: number | null;
  classes: ClassState[];
  filters: FilterState[];
};

export interface Seen {
  readonly exists: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** Open vSwitch has the device as a port. */
  readonly ovs: boolean;
  readonly qdiscs: readonly Qdisc[];
  readonly classes: readonly HtbClass[];
  /** Filters with their parent. */
  readonly filters: readonly (readonly [string, TcFilter])[];
}

// "$1" the device, the rest: where filters hang.
const look = sh`command -v tc >/dev/null || exit 127
read -r mtu 2>/dev/null <"/sys/class/net/$1/mtu" || exit 0
echo "mtu $mtu"
if [ -e "/sys/class/net/$1/master" ] && [ -e /sys/class/net/ovs-system ]; then
  m=$(readlink "/sys/class/net/$1/master"); echo "master \${m##*/}"
fi
echo "#qdiscs"; tc -d -j qdisc show dev "$1" || exit
echo "#classes"; tc -d -j class show dev "$1" || exit
dev=$1; shift
for parent do echo "#filters $parent"; tc filter show dev "$dev" parent "$parent" 2>/dev/null; done
exit 0`;

export const htbProbe = (p: TcHtb): Probe<Seen> => {
  const parents = [...new Set([p.root_handle, ...(p.filters ?? []).map((filter) => filter.parent ?? p.root_handle)])];
  return probeScript(look, [p.dev, ...parents], (output) => {
    const [link = '', ...parts] = toolText(output, 'tc').split(/^#/m);
    const part = (title: string): ProbeOutput => ({
      ...output,
      stdout: parts.find((text) => text.startsWith(`${title}\n`))?.slice(title.length + 1) ?? '',
    });
    const [, mtu] = /^mtu (\d+)$/m.exec(link) ?? [];
    return {
      exists: mtu !== undefined,
      mtu: Number(mtu ?? 0),
      ovs: /^master ovs-system$/m.test(link),
      qdiscs: parseQdiscs(part('qdiscs')),
      classes: parseHtbClasses(part('classes')),
      filters: parents.flatMap((parent) =>
        parseFilters(part(`filters ${parent}`)).map((filter): [string, TcFilter] => [parent, filter]),
      ),
    };
  });
};

export const rootOf = (seen: Seen): Qdisc | undefined => seen.qdiscs.find((qdisc) => qdisc.root);

/** What each device has: its handle is 0:. */
export const isDefault = ({ handle }: Qdisc): boolean => handle === '' || handle.startsWith('0:');

/** Told to have none: libvirt does so with the taps of its guests. Nobody shapes there. */
export const isUnqueued = (root: Qdisc | undefined): boolean => root?.kind === 'noqueue' && !isDefault(root);

export function readState(p: TcHtb, seen: Seen): State | null {
  const root = rootOf(seen);
  if (root?.kind !== 'htb') return null;
  const handle = parseHandle(root.handle);
  const wanted = new Map(p.classes.map((item) => [item.classid, item]));
  const parents = new Set(seen.classes.map((item) => item.parent));
  return {
    handle,
    default: Number(root.options['default'] ?? 0).toString(16),
    r2q: Number(root.options['r2q'] ?? 10),
    direct_qlen: typeof root.options['direct_qlen'] === 'number' ? root.options['direct_qlen'] : null,
    classes: seen.classes
      .map((item) => readClass(item, handle, parents.has(item.classid), wanted.get(parseHandle(item.classid)), seen))
      .toSorted((a, b) => (a.classid < b.classid ? -1 : 1)),
    filters: seen.filters
      .filter(([, filter]) => filter.kind === 'u32')
      .map(([parent, filter]) => readFilter(parent, filter)),
  };
}

function readClass(
  raw: HtbClass,
  root: string,
  inner: boolean,
  wanted: ClassParams | undefined,
  seen: Seen,
): ClassState {
  const classid = parseHandle(raw.classid);
  const rate = exact(raw.rate, wanted === undefined ? undefined : bytesPerSecond(wanted.rate));
  const ceil = exact(raw.ceil, wanted === undefined ? undefined : bytesPerSecond(wanted.ceil ?? wanted.rate));
  const leaf = seen.qdiscs.find((qdisc) => qdisc.parent !== undefined && parseHandle(qdisc.parent) === classid);
  return {
    classid,
    parent: raw.parent === undefined ? root : parseHandle(raw.parent),
    rate: rate * 8,
    ceil: ceil * 8,
    burst: near(raw.burst, wanted?.burst, rate),
    cburst: near(raw.cburst, wanted?.cburst, ceil),
    prio: raw.prio,
    quantum: inner ? null : (raw.quantum ?? null),
    leaf: leaf === undefined ? null : readLeaf(leaf, wanted?.leaf),
  };
}

export const bytesPerSecond = (bits: number): number => Math.floor(bits / 8);

// Where tc prints rounded text, what is wanted counts as being there if it is within the last digit.
function exact(printed: TcNumber, wanted: number | undefined): number {
  const fits = wanted !== undefined && wanted >= printed.value && wanted < printed.value + Math.max(printed.error, 1);
  return fits ? wanted : printed.value;
}

// The kernel keeps a burst as time in ticks, which tc makes of whole microseconds: up to two of them are lost. Without
// one, tc takes 1600 bytes and what passes in one tick of a clock of 1 GHz; to give those back as a number would lose more.
function near(printed: TcNumber, wanted: number | undefined, bytesPerSecond: number): number | null {
  const about = (value: number): boolean =>
    Math.abs(printed.value - value) <= bytesPerSecond * 2.5e-6 + 2 + printed.error;
  if (wanted !== undefined) return about(wanted) ? wanted : printed.value;
  return about(1600 + bytesPerSecond / 1e9) ? null : printed.value;
}

// What is not asked for is the default of the kind: no value of its own.
function readLeaf({ kind, handle, options }: Qdisc, wanted: ClassParams['leaf']): LeafState {
  const value = (key: 'limit' | 'perturb'): number | null =>
    wanted?.kind === kind && wanted[key] === undefined ? null : numberOf(options[key]);
  return { kind, limit: value('limit'), perturb: value('perturb'), handle: givenHandle(handle) };
}

// The kernel gives handles from 8001: on.
function givenHandle(handle: string): string | null {
  const major = Number.parseInt(handle, 16);
  return major > 0 && major < 0x8000 ? parseHandle(handle) : null;
}

// `"limit": 1000` or, of some kinds and versions, text with a unit: `1000p`.
const numberOf = (value: unknown): number | null => {
  const text = typeof value === 'number' || typeof value === 'string' ? Number.parseInt(String(value), 10) : Number.NaN;
  return Number.isNaN(text) ? null : text;
};
