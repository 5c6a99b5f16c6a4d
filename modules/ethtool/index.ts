import {
  defineModule,
  exec,
  formatCpuMask,
  parseCpus,
  refuse,
  sh,
  snippet,
  type EthtoolPair,
  type Step,
} from '../../src/sdk/index.ts';
import { Ethtool, featureName } from './params.ts';
import { printed, probes, readState, type Seen, type State } from './read.ts';

// stdin: `all MASK` or `NUMBER MASK` of a queue. cat says why a write failed.
const setQueues = sh`while read -r n mask; do
  case $n in
    all) n='*';;
  esac
  for i in "/sys/class/net/$1/queues/$2"-$n; do
    [ -e "$i/$3" ] || continue
    printf '%s\n' "$mask" | cat >"$i/$3" || exit
  done
done`;

export const ethtool = defineModule({
  name: 'ethtool',
  summary: 'Queues, rings, interrupt coalescing and offloads of a network device',
  params: Ethtool,
  examples: [
    { title: 'Four queues', params: { dev: 'eth0', channels: { combined: 4 } }, needs: 'vm' },
    {
      title: 'Large rings, few interrupts, no offloads that forwarding does not bear',
      params: {
        dev: 'eno1',
        ring: { rx: 'max', tx: 'max' },
        coalesce: { 'adaptive-rx': true, 'tx-usecs': 16 },
        features: { lro: false, gro: true },
      },
      needs: 'hardware',
    },
    {
      title: 'Packets as they are, for those who look at them',
      params: { dev: 'eth1', features: { tso: false, gso: false } },
    },
    { title: 'One queue, but four CPUs that work for it', params: { dev: 'eth0', rps: '0-3' }, needs: 'vm' },
  ],
  requires: 'ethtool, and a driver that has the setting',
  probes,
  state: (seen, p): State => readState(p, seen),
  want: (p, _now, seen) => ({
    channels: counts(p, 'channels', seen.channels, '-l'),
    ring: counts(p, 'ring', seen.ring, '-g'),
    coalesce: wantedCoalesce(p, seen),
    features: wantedFeatures(p, seen),
    rps: queueSet(p, 'rps', seen),
    xps: queueSet(p, 'xps', seen),
  }),
  steps: (from, to, p) => (to === null ? [] : ethtoolSteps(p.dev, from, to)),
  touches: (from, to, p) => {
    // Some drivers reset the link for an offload, and some offloads that they claim to have break what they carry.
    const same = (['channels', 'ring', 'features'] as const).every(
      (key) => JSON.stringify(from?.[key] ?? {}) === JSON.stringify(to?.[key] ?? {}),
    );
    return same ? 'none' : { links: [p.dev], effect: 'flap' };
  },
  boot: (p) => ({ id: p.dev, state: null, anchor: { device: p.dev }, resettable: true }),
});

function counts(p: Ethtool, part: 'channels' | 'ring', pairs: Seen['channels'], option: string) {
  const wanted = p[part];
  if (wanted === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([key, value]): [string, number][] => {
      if (value === undefined) return [];
      const pair = pairs.get(printed(key));
      if (pair === undefined || pair.current === null) throw noSuch(p.dev, `${part}.${key}`, available(pairs), option);
      if (value !== 'max' && pair.max !== null && value > pair.max) {
        throw refuse(`${p.dev} has at most ${pair.max} for ${part}.${key}, not ${value}`, `set ${key}: max`);
      }
      return [[key, value === 'max' ? (pair.max ?? pair.current) : value]];
    }),
  );
}

const available = (pairs: ReadonlyMap<string, EthtoolPair>): readonly string[] =>
  [...pairs].flatMap(([key, pair]) => (pair.current === null ? [] : [key]));

const noSuch = (dev: string, what: string, known: readonly string[], option: string) =>
  refuse(
    `the driver of ${dev} has no ${what}`,
    known.length === 0 ? `look at ethtool ${option} ${dev}` : `it has ${known.join(', ')}`,
  );

function wantedCoalesce(p: Ethtool, seen: Seen) {
  if (p.coalesce === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(p.coalesce).map(([name, value]) => {
      if (!seen.coalesce.has(name)) throw noSuch(p.dev, `coalesce setting ${name}`, [...seen.coalesce.keys()], '-c');
      return [name, Number(value)];
    }),
  );
}

function wantedFeatures(p: Ethtool, seen: Seen) {
  if (p.features === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(p.features).map(([name, on]) => {
      const feature = seen.features.get(featureName(name));
      if (feature === undefined) throw noSuch(p.dev, `feature ${name}`, [], '-k');
      if (feature.fixed && feature.on !== on) {
        throw refuse(
          `${featureName(name)} of ${p.dev} is fixed to ${feature.on ? 'on' : 'off'} by its driver`,
          'leave it out',
        );
      }
      return [featureName(name), on];
    }),
  );
}

function queueSet(p: Ethtool, kind: 'rps' | 'xps', seen: Seen): string | undefined {
  if (p[kind] !== undefined && seen.queues[kind].length === 0) {
    throw refuse(
      `${p.dev} has no queues that ${kind} could be set for`,
      'a device with one queue has no choice of queues to send',
    );
  }
  return p[kind];
}

type Goal = Partial<State>;

// Channels first: with them queues come and go, and interrupts.
function ethtoolSteps(dev: string, from: Goal | null, to: Goal): readonly Step[] {
  // After a boot it is not known what stands: old versions fail where nothing has to change.
  const ok = from === null ? { ok: [1, 78, 79, 80, 81, 82] } : {};
  const run = (option: string, words: readonly string[]): readonly Step[] =>
    words.length === 0 ? [] : [exec(['ethtool', option, dev, ...words], ok)];
  const changed = (key: 'channels' | 'ring' | 'features'): readonly string[] =>
    Object.entries<number | boolean>(to[key] ?? {}).flatMap(([name, value]) => {
      const before: Readonly<Record<string, number | boolean>> = from?.[key] ?? {};
      return before[name] === value
        ? []
        : [name.replaceAll('_', '-'), typeof value === 'boolean' ? onOff(value) : String(value)];
    });
  const onOff = (value: boolean | number): string => (value === true || value === 1 ? 'on' : 'off');
  const coalesce = Object.entries(to.coalesce ?? {}).flatMap(([name, value]) => {
    if (from?.coalesce?.[name] === value) return [];
    return [name, name.startsWith('adaptive-') ? onOff(value) : String(value)];
  });
  return [
    ...run('-L', changed('channels')),
    ...run('-G', changed('ring')),
    ...run('-C', coalesce),
    ...run('-K', changed('features')),
    ...queueSteps(dev, 'rx', 'rps_cpus', from?.rps, to.rps),
    ...queueSteps(dev, 'tx', 'xps_cpus', from?.xps, to.xps),
  ];
}

function queueSteps(
  dev: string,
  kind: string,
  file: string,
  from: string | undefined,
  to: string | undefined,
): readonly Step[] {
  if (to === undefined || from === to) return [];
  const masks = to.split('|').map((cpus) => formatCpuMask(parseCpus(cpus)));
  const lines = masks.map((mask, queue) => `${masks.length === 1 ? 'all' : queue} ${mask}\n`);
  return [snippet(setQueues, [dev, kind, file], { stdin: lines.join('') })];
}
