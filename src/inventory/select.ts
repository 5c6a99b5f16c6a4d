import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import type { SourceLocation } from '../util/source.ts';
import { isGlob, nameMatcher } from './glob.ts';
import { limitPatterns } from './limit.ts';
import type { Host, Inventory, SelectOptions } from './model.ts';
import { parsePattern, type Subscript, type Term } from './pattern.ts';

type Parts = Pick<Inventory, 'hosts' | 'groups' | 'host'>;

interface Context {
  readonly parts: Parts;
  readonly at: SourceLocation | undefined;
  readonly onWarning: (warning: KvmnetError) => void;
}

/** Makes `Inventory.select`. */
export function createSelect(
  parts: Parts,
  origin: { readonly cwd: string; readonly sources: readonly string[] },
): Inventory['select'] {
  return (pattern, { limit, at, onWarning = () => undefined }: SelectOptions = {}) => {
    const terms = parsePattern(pattern);
    if (terms.length === 0)
      throw new KvmnetError('inventory', 'the host pattern is empty', { at, hint: 'name hosts or groups, or "all"' });
    if (parts.hosts.size === 0 && !terms.every(({ name }) => parts.host(name) !== undefined))
      throw emptyInventory(origin.sources);
    const hosts = evaluate(terms, { parts, at, onWarning });
    const limits = limit === undefined ? [] : limitPatterns(limit, origin.cwd);
    if (limits.length === 0) return hosts;
    const places = new Map(limits.map(({ pattern, at }) => [pattern, at]));
    const limitTerms = parsePattern(limits.map((one) => one.pattern).join(','));
    const allowed = new Set(
      limitTerms.length === 0 ? hosts : evaluate(limitTerms, { parts, at: undefined, onWarning }, places),
    );
    return hosts.filter((host) => allowed.has(host));
  };
}

function evaluate(
  terms: readonly Term[],
  context: Context,
  places?: ReadonlyMap<string, SourceLocation | undefined>,
): readonly Host[] {
  let chosen = new Set<Host>();
  for (const term of terms) {
    const found = hostsOf(term, { ...context, at: places?.get(term.text) ?? context.at });
    if (term.kind === 'add') for (const host of found) chosen.add(host);
    else {
      const others = new Set(found);
      chosen = new Set([...chosen].filter((host) => others.has(host) === (term.kind === 'keep')));
    }
  }
  return [...chosen];
}

function hostsOf(term: Term, context: Context): readonly Host[] {
  const { parts, at } = context;
  const exact = parts.hosts.get(term.text.replace(/^[!&]\s*/, ''));
  if (exact !== undefined) return [exact];
  const found = matches(term, context);
  if (found === undefined) {
    const unknown = unknownName(term, context);
    // What is not there cannot be changed: playing on without it is what was asked for, though maybe a slip.
    if (term.kind !== 'remove') throw unknown;
    context.onWarning(unknown);
    return [];
  }
  return term.subscript === undefined || found.length === 0 ? found : applySubscript(term, term.subscript, found, at);
}

/**
 * Hosts of all groups that match, then hosts that match by themselves. A plain name that is a group means only that.
 * @returns undefined where no group and no host matches.
 */
function matches({ name }: Term, { parts, at }: Context): readonly Host[] | undefined {
  const matcher = nameMatcher(name);
  if (typeof matcher === 'string') {
    throw new KvmnetError('inventory', `"${name}" is not a valid pattern: ${matcher}`, {
      at,
      hint: 'behind ~ stands a regular expression',
    });
  }
  const names = new Set<string>();
  let isGroup = false;
  for (const group of parts.groups.values()) {
    if (!matcher(group.name)) continue;
    isGroup = true;
    for (const host of group.hosts) names.add(host);
  }
  if (!isGroup || name.startsWith('~') || isGlob(name)) {
    for (const host of parts.hosts.keys()) if (matcher(host)) names.add(host);
  }
  const found = Array.from(names, (host) => parts.hosts.get(host)).filter((host) => host !== undefined);
  if (found.length > 0 || isGroup) return found;
  const implicit = parts.host(name);
  return implicit === undefined ? undefined : [implicit];
}

function applySubscript(
  term: Term,
  subscript: Subscript,
  hosts: readonly Host[],
  at: SourceLocation | undefined,
): readonly Host[] {
  if (subscript.kind === 'slice')
    return hosts.slice(subscript.from, subscript.to === undefined ? undefined : subscript.to + 1);
  const host = hosts.at(subscript.index);
  if (host !== undefined) return [host];
  const count = hosts.length === 1 ? 'one host' : `${hosts.length} hosts`;
  throw new KvmnetError('inventory', `pattern "${term.text}": "${term.name}" has ${count}`, {
    at,
    hint: `the first is [0], the last [${hosts.length - 1}] or [-1]`,
  });
}

function unknownName({ name, subscript, text }: Term, { parts, at }: Context): KvmnetError {
  if (isGlob(name) || name.startsWith('~')) {
    const hint = /^~[\w-]/.test(name)
      ? `a regular expression has to fit from the beginning of the name: ~.*${name.slice(1)}`
      : 'see the names with "kvmnet inventory --graph"';
    return new KvmnetError('inventory', `pattern "${text}" matches no host and no group`, { at, hint });
  }
  const hint =
    subscript !== undefined && [...parts.hosts.keys()].some((host) => host.startsWith(name))
      ? `[…] counts the hosts of a group; for characters of names write ~${name}${characters(subscript)}`
      : didYouMean(name, [...parts.groups.keys(), ...parts.hosts.keys()]);
  return new KvmnetError('inventory', `no host and no group is called "${name}"`, { at, hint });
}

/** What was probably meant by a subscript, as a regular expression. */
function characters(subscript: Subscript): string {
  if (subscript.kind === 'one') return `[${subscript.index}]`;
  const { from, to = 9 } = subscript;
  const numbers = Array.from({ length: Math.max(to - from + 1, 0) }, (_, n) => from + n);
  return to <= 9 ? `[${from}-${to}]` : `(${numbers.slice(0, 3).join('|')}|…)`;
}

const emptyInventory = (sources: readonly string[]): KvmnetError =>
  sources.length === 0
    ? new KvmnetError('inventory', 'no inventory is given', {
        hint: 'give one with -i: a file, a folder, a name in inventories/, or "host1,host2,"',
      })
    : new KvmnetError('inventory', `the inventory has no hosts (${sources.join(', ')})`, {
        hint: 'add hosts to it, or give another one with -i',
      });
