import {
  formatCpuList,
  missing,
  noProbe,
  parseCpuMask,
  parseEthtoolCoalesce,
  parseEthtoolFeatures,
  parseEthtoolPairs,
  probe,
  probeScript,
  sh,
  type EthtoolFeature,
  type EthtoolPair,
  type Probe,
} from '../../src/sdk/index.ts';
import { featureName, type Ethtool } from './params.ts';

export type State = {
  channels: { [kind: string]: number };
  ring: { [kind: string]: number };
  coalesce: { [name: string]: number };
  features: { [name: string]: boolean };
  /** CPU list; where queues differ, that of each with `|` between them. */
  rps: string;
  xps: string;
};

type Pairs = ReadonlyMap<string, EthtoolPair>;
export interface Seen {
  readonly channels: Pairs;
  readonly ring: Pairs;
  readonly coalesce: ReadonlyMap<string, number>;
  readonly features: ReadonlyMap<string, EthtoolFeature>;
  readonly queues: { readonly rps: readonly string[]; readonly xps: readonly string[] };
}

const readQueues = sh`[ -e "/sys/class/net/$1" ] || { echo nodev; exit 0; }
for i in "/sys/class/net/$1/queues"/*; do
  for f in rps_cpus xps_cpus; do
    if read -r m <"$i/$f"; then echo "$f \${i##*-} $m"; fi
  done
done 2>/dev/null
exit 0`;

export const queuesProbe = (dev: string): Probe<Seen['queues']> =>
  probeScript(readQueues, [dev], ({ stdout }) => {
    if (stdout.startsWith('nodev')) throw missing(`the device ${dev} does not exist`, 'check its name with ip link');
    const lines = stdout.split('\n').map((line) => line.split(' '));
    const masks = (file: string): readonly string[] =>
      lines
        .filter(([name]) => name === file)
        .toSorted(([, a], [, b]) => Number(a) - Number(b))
        .map(([, , mask = '0']) => formatCpuList(parseCpuMask(mask)));
    return { rps: masks('rps_cpus'), xps: masks('xps_cpus') };
  });

export function probes(p: Ethtool) {
  const none: Pairs = new Map();
  const pairs = (wanted: unknown, option: string): Probe<Pairs> =>
    wanted === undefined
      ? noProbe(none)
      : probe(['ethtool', option, p.dev], (output) => parseEthtoolPairs(output, `ethtool ${option}`));
  return {
    queues: queuesProbe(p.dev),
    channels: pairs(p.channels, '-l'),
    ring: pairs(p.ring, '-g'),
    coalesce:
      p.coalesce === undefined
        ? noProbe<ReadonlyMap<string, number>>(new Map())
        : probe(['ethtool', '-c', p.dev], parseEthtoolCoalesce),
    features:
      p.features === undefined
        ? noProbe<ReadonlyMap<string, EthtoolFeature>>(new Map())
        : probe(['ethtool', '-k', p.dev], parseEthtoolFeatures),
  };
}

/** `rx_mini` as ethtool's text prints it. */
export const printed = (key: string): string => key.replaceAll('_', ' ');

export function readState(p: Ethtool, seen: Seen): State {
  return {
    channels: numbers(Object.keys(p.channels ?? {}), (key) => seen.channels.get(key)?.current),
    ring: numbers(Object.keys(p.ring ?? {}), (key) => seen.ring.get(printed(key))?.current),
    coalesce: numbers(Object.keys(p.coalesce ?? {}), (key) => seen.coalesce.get(key)),
    features: Object.fromEntries(
      Object.keys(p.features ?? {}).flatMap((name): [string, boolean][] => {
        const feature = seen.features.get(featureName(name));
        return feature === undefined ? [] : [[featureName(name), feature.on]];
      }),
    ),
    rps: together(seen.queues.rps),
    xps: together(seen.queues.xps),
  };
}

const numbers = (keys: readonly string[], get: (key: string) => number | null | undefined): { [key: string]: number } =>
  Object.fromEntries(
    keys.flatMap((key): [string, number][] => {
      const value = get(key);
      return value === undefined || value === null ? [] : [[key, value]];
    }),
  );

const together = (sets: readonly string[]): string => {
  const [first = ''] = sets;
  return sets.every((set) => set === first) ? first : sets.join('|');
};
