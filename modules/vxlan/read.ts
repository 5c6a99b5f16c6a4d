import { z } from 'zod';
import {
  bare,
  isMulticast,
  parseAddress,
  probe,
  probeScript,
  sh,
  toolText,
  unreadable,
  type FdbEntry,
  type InterfaceAddress,
  type Link,
  type Probe,
} from '../../src/sdk/index.ts';

/** A VXLAN in canonical form. */
export type State = {
  vni: number;
  dstport: number;
  local: string | null;
  group: string | null;
  dev: string | null;
  learning: boolean;
  ttl: number | 'inherit';
  tos: number | 'inherit';
  df: 'unset' | 'set' | 'inherit';
  ageing: number;
  mtu: number;
  up: boolean;
  /** Never wanted: for what is made again. */
  mac?: string;
  bridge: string | null;
  remotes: string[];
  fdb: { mac: string; dst: string }[];
  addresses: string[];
};

const zeroMac = '00:00:00:00:00:00';
const Info = z.object({
  id: z.int(),
  port: z.int(),
  local: z.string().optional(),
  local6: z.string().optional(),
  group: z.string().optional(),
  group6: z.string().optional(),
  link: z.string().optional(),
  learning: z.boolean().default(false),
  // iproute2 prints "ttl inherit" as text only: the JSON has no ttl then (6.1).
  ttl: z.union([z.int(), z.string()]).default('inherit'),
  tos: z.union([z.int(), z.string()]).default(0),
  df: z.enum(['unset', 'set', 'inherit']).default('unset'),
  ageing: z.int().default(0),
});

const readInfo = (link: Link): z.output<typeof Info> => {
  const info = Info.safeParse(link.data);
  if (!info.success) throw unreadable('ip -d -j link show type vxlan', link.name, JSON.stringify(link.data));
  return info.data;
};

/** What the kernel tells VXLANs apart by. */
export interface Socket {
  readonly vni: number;
  readonly dstport: number;
  readonly end: string | undefined;
  readonly dev: string | undefined;
}

export const socketOf = (link: Link): Socket => {
  const { id, port, local, local6, group, group6, link: dev } = readInfo(link);
  return { vni: id, dstport: port, end: local ?? local6 ?? group ?? group6, dev };
};

export function readState(link: Link, fdb: readonly FdbEntry[], addresses: readonly InterfaceAddress[]): State {
  const info = readInfo(link);
  // Entries without a destination are the bridge's own; extern_learn and dynamic ones are of a daemon or learned.
  const fixed = fdb.filter((entry) => entry.state === 'permanent' && !entry.flags.includes('extern_learn'));
  const entries = fixed.flatMap(({ mac, dst }) => (dst === undefined ? [] : [{ mac, dst }]));
  const flood = entries.filter(({ mac, dst }) => mac === zeroMac && !isMulticast(dst)).map(({ dst }) => dst);
  return {
    vni: info.id,
    dstport: info.port,
    local: addressOf(info.local ?? info.local6),
    group: addressOf(info.group ?? info.group6),
    dev: info.link ?? null,
    learning: info.learning,
    ttl: byteOf(info.ttl),
    // The kernel keeps "inherit" as the value 1.
    tos: byteOf(info.tos) === 1 ? 'inherit' : byteOf(info.tos),
    df: info.df,
    ageing: info.ageing,
    mtu: link.mtu,
    up: link.up,
    ...(link.mac === undefined ? {} : { mac: link.mac }),
    bridge: link.master ?? null,
    remotes: [...new Set(flood)].toSorted(),
    fdb: entries.filter(({ mac }) => mac !== zeroMac).toSorted(byMac),
    addresses: addresses.filter(({ dynamic, scope }) => !dynamic && scope !== 'link').map(({ address }) => address),
  };
}

const addressOf = (text: string | undefined): string | null => (text === undefined ? null : parseAddress(text));
const byteOf = (value: number | string): number | 'inherit' =>
  value === 'inherit' ? 'inherit' : value === 'auto' ? 0 : Number(value);
export const byMac = (a: { mac: string; dst: string }, b: { mac: string; dst: string }): number =>
  `${a.mac} ${a.dst}` < `${b.mac} ${b.dst}` ? -1 : 1;

/** What is on the host of the links that matter here. */
export interface Surroundings {
  /** MTU by link, of all links. */
  readonly mtus: ReadonlyMap<string, number>;
  readonly bridges: ReadonlySet<string>;
  /** Ports of the bridge asked for. */
  readonly ports: readonly string[];
}

// No program is started: this runs on thousands of hosts.
const listLinks = sh`cd /sys/class/net || exit
for i in *; do
  if read -r m <"$i/mtu"; then echo "$m $i"; fi
  if [ -d "$i/bridge" ]; then echo "bridge $i"; fi
done 2>/dev/null
if [ -n "$1" ]; then
  for i in "$1"/brif/*; do if [ -e "$i" ]; then echo "port \${i##*/}"; fi; done
fi`;

export const surroundings = (bridge: string): Probe<Surroundings> =>
  probeScript(listLinks, [bridge], ({ stdout }) => {
    const lines = stdout.split('\n').flatMap((line): [string, string][] => {
      const [, word = '', name] = /^(\S+) (\S+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[word, name]];
    });
    const named = (kind: string): string[] => lines.flatMap(([word, name]) => (word === kind ? [name] : []));
    const mtus = new Map(lines.flatMap(([word, name]) => (/^\d+$/.test(word) ? [[name, Number(word)]] : [])));
    return { mtus, bridges: new Set(named('bridge')), ports: named('port') };
  });

const Answer = z.array(
  z.object({ dev: z.string().optional(), ifname: z.string().optional(), addr_info: z.array(z.unknown()).optional() }),
);

/**
 * The links on which some addresses are reached, and that which has `local`: one program, whatever the number of ends.
 * An end without a route has no link.
 */
export const underlayLinks = (ends: readonly string[], local: string | null | undefined): Probe<readonly string[]> => {
  const lines = ends.map((end) => `route get ${end}\n`);
  if (typeof local === 'string') lines.push(`addr show to ${bare(local)}\n`);
  return probe(
    ['ip', '-j', '-force', '-batch', '-'],
    (output) => {
      if (output.code === 127) toolText(output, 'ip');
      const answers = output.stdout.split('\n').filter((line) => line.startsWith('['));
      const links = answers.flatMap((line) =>
        Answer.parse(JSON.parse(line)).flatMap(({ dev, ifname, addr_info: list }) =>
          (list ?? []).length > 0 ? [ifname] : [dev],
        ),
      );
      return [...new Set(links.filter((name) => name !== undefined))];
    },
    { stdin: lines.join('') },
  );
};
