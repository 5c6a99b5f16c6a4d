import { readArea, type AreaState, type Config, type InterfaceState } from './config.ts';

export interface Dialect {
  /** Quagga keeps passive interfaces with the router. */
  readonly passiveInRouter: boolean;
  /** The key that stands behind a hash. */
  readonly key: (auth: string) => string | undefined;
}

/** Lines for the daemon that lead from one configuration to another: first what goes, then what comes. */
export function commands(from: Config, to: Config, dialect: Dialect): readonly string[] {
  if (!to.router) {
    const reset = from.interfaces.flatMap((old) => interfaceLines(old, blank(old.name), dialect));
    return [...(from.router ? ['no router ospf'] : []), ...reset];
  }
  // What follows the default of all interfaces has to be said anew where that changes.
  const flips = to.passive_default !== from.passive_default;
  const router = [...routerLines(from, to), ...passiveLines(from, to, flips, dialect)];
  const interfaces = to.interfaces.flatMap((wanted) =>
    interfaceLines(interfaceOf(from, wanted), wanted, dialect, { flips, byDefault: to.passive_default }),
  );
  const opened = router.length > 0 || !from.router ? ['router ospf', ...router.map((line) => ` ${line}`), 'exit'] : [];
  return [...opened, ...interfaces];
}

const interfaceOf = ({ interfaces }: Config, { name }: InterfaceState): InterfaceState =>
  interfaces.find((item) => item.name === name) ?? blank(name);

const blank = (name: string): InterfaceState => ({
  name,
  area: null,
  cost: null,
  hello: null,
  dead: null,
  priority: null,
  passive: false,
  network_type: null,
  mtu_ignore: false,
  auth: 'none',
});

function routerLines(from: Config, to: Config): readonly string[] {
  const lines: string[] = [];
  const lists = [
    ['network', from.networks, to.networks],
    ['redistribute', from.redistribute, to.redistribute],
  ] as const;
  // The same network in another area is refused while the old statement stands.
  for (const [word, old, wanted] of lists) {
    for (const item of old)
      if (!wanted.includes(item)) lines.push(`no ${word} ${word === 'redistribute' ? item.replace(/ .*/, '') : item}`);
  }
  if (to.router_id !== from.router_id)
    lines.push(to.router_id === null ? 'no ospf router-id' : `ospf router-id ${to.router_id}`);
  if (to.log !== from.log) {
    if (from.log === 'detail') lines.push('no log-adjacency-changes detail');
    lines.push(
      to.log === 'off' ? 'no log-adjacency-changes' : `log-adjacency-changes${to.log === 'detail' ? ' detail' : ''}`,
    );
  }
  if (to.passive_default !== from.passive_default)
    lines.push(`${to.passive_default ? '' : 'no '}passive-interface default`);
  for (const area of to.areas)
    lines.push(...areaLines(from.areas.find(({ id }) => id === area.id) ?? readArea(area.id, []), area));
  for (const [word, old, wanted] of lists) {
    for (const item of wanted) if (!old.includes(item)) lines.push(`${word} ${item}`);
  }
  return lines;
}

function areaLines(old: AreaState, area: AreaState): readonly string[] {
  const lines: string[] = [];
  const { type, no_summary: none, default_cost: cost } = area;
  const head = `area ${area.id}`;
  if (cost === null && old.default_cost !== null) lines.push(`no ${head} default-cost ${old.default_cost}`);
  if (type !== old.type || none !== old.no_summary) {
    if (old.type !== 'normal') lines.push(`no ${head} ${old.type}`);
    if (type !== 'normal') lines.push(`${head} ${type}${none ? ' no-summary' : ''}`);
  }
  if (cost !== null && cost !== old.default_cost) lines.push(`${head} default-cost ${cost}`);
  if (area.authentication !== old.authentication) {
    const words = {
      none: `no ${head} authentication`,
      text: `${head} authentication`,
      md5: `${head} authentication message-digest`,
    };
    lines.push(words[area.authentication]);
  }
  return lines;
}

function interfaceLines(
  old: InterfaceState,
  wanted: InterfaceState,
  dialect: Dialect,
  { flips, byDefault } = { flips: false, byDefault: false },
): readonly string[] {
  const lines: string[] = [];
  const values = [
    ['area', old.area, wanted.area],
    ['cost', old.cost, wanted.cost],
    ['hello-interval', old.hello, wanted.hello],
    ['dead-interval', old.dead, wanted.dead],
    ['priority', old.priority, wanted.priority],
    ['network', old.network_type, wanted.network_type],
  ] as const;
  for (const [word, now, value] of values) {
    if (value === now) continue;
    // An area in place: the old one is taken out first, or the daemon refuses.
    if (value === null || (word === 'area' && now !== null)) lines.push(`no ip ospf ${word}`);
    if (value !== null) lines.push(`ip ospf ${word} ${value}`);
  }
  if (wanted.mtu_ignore !== old.mtu_ignore) lines.push(`${wanted.mtu_ignore ? '' : 'no '}ip ospf mtu-ignore`);
  if (!dialect.passiveInRouter && (flips || wanted.passive !== old.passive)) {
    const line = `${wanted.passive ? '' : 'no '}ip ospf passive`;
    // Where the opposite was said, the first time only takes that back, and the default counts again (FRR 8.4).
    lines.push(...(wanted.passive === byDefault ? [line] : [line, line]));
  }
  lines.push(...authLines(old.auth, wanted.auth, dialect));
  return lines.length === 0 ? [] : [`interface ${old.name}`, ...lines.map((line) => ` ${line}`), 'exit'];
}

function authLines(old: string, wanted: string, { key }: Dialect): readonly string[] {
  if (wanted === old) return [];
  const [oldType, oldId] = old.split(' ');
  const [type, id = '1'] = wanted.split(' ');
  const lines: string[] = [];
  // A key with the same number cannot be replaced in place.
  if (oldType === 'md5' && oldId !== undefined) lines.push(`no ip ospf message-digest-key ${oldId}`);
  if (oldType === 'text' && oldId !== undefined) lines.push('no ip ospf authentication-key');
  if (oldType !== type && oldType !== 'none') lines.push('no ip ospf authentication');
  const secret = key(wanted);
  if (type === 'md5')
    lines.push(
      'ip ospf authentication message-digest',
      ...(secret === undefined ? [] : [`ip ospf message-digest-key ${id} md5 ${secret}`]),
    );
  if (type === 'text')
    lines.push('ip ospf authentication', ...(secret === undefined ? [] : [`ip ospf authentication-key ${secret}`]));
  return lines;
}

function passiveLines(from: Config, to: Config, flips: boolean, dialect: Dialect): readonly string[] {
  if (!dialect.passiveInRouter) return [];
  return to.interfaces.flatMap((wanted) => {
    if (wanted.passive === interfaceOf(from, wanted).passive && !flips) return [];
    return [`${wanted.passive ? '' : 'no '}passive-interface ${wanted.name}`];
  });
}
