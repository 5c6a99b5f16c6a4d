import { Tagged, toValue } from '../lang/index.ts';
import { isObject } from '../util/json.ts';
import { KvmnetError } from '../util/errors.ts';
import { didYouMean } from '../util/suggest.ts';
import { ALL } from './draft.ts';
import type { Group, Host, Inventory, SelectOptions } from './model.ts';

/** What `ansible-inventory --list` prints: groups as far as they hold something, and the variables of all hosts. */
export function listInventory(inventory: Inventory): string {
  const result: Record<string, unknown> = {};
  const visit = (group: Group): void => {
    const shown = {
      ...(group.children.length > 0 ? { children: group.children } : {}),
      ...(group.name !== ALL && group.ownHosts.length > 0 ? { hosts: group.ownHosts } : {}),
    };
    if (Object.keys(shown).length > 0) result[group.name] = shown;
    for (const name of group.children) {
      const child = inventory.groups.get(name);
      if (child !== undefined && !Object.hasOwn(result, name)) visit(child);
    }
  };
  const all = inventory.groups.get(ALL);
  if (all !== undefined) visit(all);
  const hostvars = Array.from(inventory.hosts.values(), (host) => [host.name, variablesOf(host)] as const);
  result['_meta'] = { hostvars: Object.fromEntries(hostvars.filter(([, vars]) => Object.keys(vars).length > 0)) };
  return toJson(result);
}

/** What `ansible-inventory --graph` prints, from one group down. */
export function graphInventory(inventory: Inventory, from: string = ALL): string {
  const lines: string[] = [];
  const add = (text: string, depth: number): void => {
    lines.push(depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`);
  };
  const visit = (group: Group, depth: number): void => {
    add(`@${group.name}:`, depth);
    for (const name of group.children) {
      const child = inventory.groups.get(name);
      if (child !== undefined) visit(child, depth + 1);
    }
    if (group.name !== ALL) for (const host of group.ownHosts) add(host, depth + 1);
  };
  const top = inventory.groups.get(from);
  if (top === undefined) {
    throw new KvmnetError('inventory', `no group is called "${from}"`, {
      hint: didYouMean(from, inventory.groups.keys()),
    });
  }
  visit(top, 0);
  return lines.join('\n');
}

/** What `ansible-inventory --host` prints: the variables of one host, templates as they are written. */
export function showHost(inventory: Inventory, name: string): string {
  const host = inventory.host(name);
  if (host !== undefined) return toJson(variablesOf(host));
  throw new KvmnetError('inventory', `no host is called "${name}"`, { hint: didYouMean(name, inventory.hosts.keys()) });
}

/** The names that a pattern means, one a line. */
export const showHosts = (inventory: Inventory, pattern: string, options?: SelectOptions): string =>
  inventory
    .select(pattern, options)
    .map((host) => host.name)
    .join('\n');

/** The inventory without the hosts that a limit leaves out; its groups stay. */
export function limitInventory(inventory: Inventory, options: SelectOptions): Inventory {
  const left = new Set(inventory.select(ALL, options).map(({ name }) => name));
  const isLeft = (name: string): boolean => left.has(name);
  const groups = Array.from(inventory.groups, ([name, group]) => {
    const shown = { ...group, ownHosts: group.ownHosts.filter(isLeft), hosts: group.hosts.filter(isLeft) };
    return [name, shown] as const;
  });
  const hosts = [...inventory.hosts].filter(([name]) => isLeft(name));
  const host = (name: string) => (isLeft(name) ? inventory.host(name) : undefined);
  return { ...inventory, groups: new Map(groups), hosts: new Map(hosts), host };
}

/** All variables of a host, the strongest of each name, as written. */
function variablesOf(host: Host): Readonly<Record<string, unknown>> {
  const nodes = new Map(host.layers.flatMap((layer) => [...layer.values]));
  return Object.fromEntries(Array.from(nodes, ([name, node]) => [name, plain(toValue(node))]));
}

/** Tagged texts as Ansible exports them, so that what was encrypted stays encrypted. */
function plain(value: unknown): unknown {
  if (value instanceof Tagged) {
    return value.tag === 'expr' ? { __kvmnet_expr: value.text } : { [`__ansible_${value.tag}`]: value.text };
  }
  if (Array.isArray(value)) return value.map(plain);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value;
}

/** As Python writes it: keys sorted as text (an object would put keys such as "9" and "10" in front, as numbers). */
function toJson(value: unknown, indent = ''): string {
  const inside = `${indent}    `;
  const wrap = (open: string, lines: readonly string[], close: string): string =>
    lines.length === 0 ? open + close : `${open}\n${inside}${lines.join(`,\n${inside}`)}\n${indent}${close}`;
  if (Array.isArray(value))
    return wrap(
      '[',
      value.map((item) => toJson(item, inside)),
      ']',
    );
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return wrap(
    '{',
    entries.map(([key, item]) => `${JSON.stringify(key)}: ${toJson(item, inside)}`),
    '}',
  );
}
