import { parseNetwork, sha256Of } from '../../src/sdk/index.ts';
import { parseArea, type Ospfd } from './params.ts';

export type InterfaceState = {
  name: string;
  area: number | null;
  cost: number | null;
  hello: number | null;
  dead: number | null;
  priority: number | null;
  /** Its own setting, or that of all. */
  passive: boolean;
  network_type: string | null;
  mtu_ignore: boolean;
  /** `none`, or kind, number and hash of the key: keys are no part of reports. */
  auth: string;
};

export type AreaState = {
  id: number;
  type: 'normal' | 'stub' | 'nssa';
  no_summary: boolean;
  default_cost: number | null;
  authentication: 'none' | 'text' | 'md5';
};

/** What a configuration says of OSPF, in canonical form. */
export type Config = {
  router: boolean;
  router_id: string | null;
  /** `192.168.1.0/24 area 0` */
  networks: string[];
  /** `connected metric 20 metric-type 1` */
  redistribute: string[];
  passive_default: boolean;
  log: 'off' | 'changes' | 'detail';
  areas: AreaState[];
  interfaces: InterfaceState[];
};

export type State = Config & {
  /** Started at boot, as far as the daemon's own settings say. */
  enabled: boolean;
  running: boolean;
  /** The file says of OSPF what the daemon does. */
  saved: boolean;
};

/** Lines of a block `interface X` or `router ospf`, trimmed. */
function blocks(text: string): {
  readonly router: readonly string[] | undefined;
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
} {
  let router: string[] | undefined;
  const interfaces = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (/^\S/.test(line)) {
      current = undefined;
      const name = /^interface (\S+)$/.exec(trimmed)?.[1];
      // Another instance or VRF (`router ospf 2`, `router ospf vrf red`) is none of ours.
      if (trimmed === 'router ospf') current = router ??= [];
      else if (name !== undefined) {
        current = interfaces.get(name) ?? [];
        interfaces.set(name, current);
      }
    } else if (trimmed !== '') current?.push(trimmed);
  }
  return { router, interfaces };
}

/** Keys that a configuration holds, by what stands for them in a state. */
export function keysOf(text: string): ReadonlyMap<string, string> {
  const lists = [...blocks(text).interfaces.values()].map(readAuth);
  return new Map(lists.flatMap(({ auth, key }) => (key === undefined ? [] : [[auth, key] as const])));
}

/** Of interfaces and areas only those that the task names. */
export function readConfig(text: string, p: Ospfd): Config {
  const { router, interfaces } = blocks(text);
  const lines = router ?? [];
  const find = (pattern: RegExp): string[] => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
  const passive = new Set(find(/^passive-interface (\S+)$/));
  const awake = new Set(find(/^no passive-interface (\S+)$/));
  const log = lines.find((line) => line.startsWith('log-adjacency-changes'));
  return {
    router: router !== undefined,
    router_id: find(/^(?:ospf )?router-id (\S+)$/)[0] ?? null,
    networks: find(/^network (.+)$/)
      .map(canonicalNetwork)
      .toSorted(),
    redistribute: find(/^redistribute (.+)$/)
      .map(canonicalSource)
      .toSorted(),
    passive_default: passive.has('default'),
    log: log === undefined ? 'off' : log.endsWith('detail') ? 'detail' : 'changes',
    areas: Object.keys(p.areas)
      .map((id) => readArea(parseArea(id), lines))
      .toSorted((a, b) => a.id - b.id),
    interfaces: Object.keys(p.interfaces)
      .toSorted()
      .map((name) => readInterface(name, interfaces.get(name) ?? [], passive, awake)),
  };
}

function canonicalNetwork(text: string): string {
  const [prefix = '', , area = ''] = text.split(' ');
  return `${parseNetwork(prefix)} area ${parseArea(area)}`;
}

export function canonicalSource(text: string): string {
  const [from = ''] = text.split(/\s+/);
  const pairs = [...text.matchAll(/\s(metric|metric-type|route-map)\s+(\S+)/g)];
  const options = new Map(pairs.map(([, key = '', value = '']) => [key, value]));
  // 2 is the default, which newer versions leave out.
  if (options.get('metric-type') === '2') options.delete('metric-type');
  const order = ['metric', 'metric-type', 'route-map'];
  const known = order.flatMap((key) => {
    const value = options.get(key);
    return value === undefined ? [] : [key, value];
  });
  return [from, ...known].join(' ');
}

export function readArea(id: number, lines: readonly string[]): AreaState {
  const own = lines.flatMap((line) => {
    const [, area, rest] = /^area (\S+) (.+)$/.exec(line) ?? [];
    return area !== undefined && rest !== undefined && parseArea(area) === id ? [rest.trim()] : [];
  });
  const has = (word: string): boolean => own.some((line) => line === word || line.startsWith(`${word} `));
  const type = has('stub') ? 'stub' : has('nssa') ? 'nssa' : 'normal';
  const cost = own.map((line) => /^default-cost (\d+)$/.exec(line)?.[1]).find((value) => value !== undefined);
  return {
    id,
    type,
    no_summary: own.some((line) => line.startsWith(type) && line.includes('no-summary')),
    default_cost: cost === undefined ? null : Number(cost),
    authentication: own.includes('authentication message-digest')
      ? 'md5'
      : own.includes('authentication')
        ? 'text'
        : 'none',
  };
}

function readInterface(
  name: string,
  lines: readonly string[],
  passive: ReadonlySet<string>,
  awake: ReadonlySet<string>,
): InterfaceState {
  const value = (word: string): string | undefined =>
    lines.map((line) => new RegExp(`^ip ospf ${word} (\\S+)$`).exec(line)?.[1]).find((found) => found !== undefined);
  const number = (word: string): number | null => (value(word) === undefined ? null : Number(value(word)));
  const area = value('area');
  const isPassive = lines.includes('ip ospf passive') || passive.has(name);
  const isAwake = lines.includes('no ip ospf passive') || awake.has(name);
  return {
    name,
    area: area === undefined ? null : parseArea(area),
    cost: number('cost'),
    hello: number('hello-interval'),
    dead: number('dead-interval'),
    priority: number('priority'),
    passive: isPassive || (!isAwake && passive.has('default')),
    network_type: value('network') ?? null,
    mtu_ignore: lines.includes('ip ospf mtu-ignore'),
    auth: readAuth(lines).auth,
  };
}

function readAuth(lines: readonly string[]): { readonly auth: string; readonly key?: string } {
  const md5 = lines
    .map((line) => /^ip ospf message-digest-key (\d+) md5 (\S+)$/.exec(line))
    .find((match) => match !== null);
  if (lines.includes('ip ospf authentication message-digest')) {
    if (md5 === undefined) return { auth: 'md5' };
    const [, id, key = ''] = md5;
    return { auth: authText('md5', key, Number(id)), key };
  }
  const key = lines
    .map((line) => /^ip ospf authentication-key (\S+)$/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (!lines.includes('ip ospf authentication')) return { auth: 'none' };
  return key === undefined ? { auth: 'text' } : { auth: authText('text', key), key };
}

/** What stands for a key in a state. */
export const authText = (type: 'text' | 'md5', key: string, id = 1): string =>
  `${type}${type === 'md5' ? ` ${id}` : ''} sha256:${sha256Of(`kvmnet ospfd ${key}`).slice(0, 16)}`;
