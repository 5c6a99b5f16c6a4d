import { isDeepStrictEqual } from 'node:util';
import { formatXml, virshStep, xmlChildren, type Step, type XmlElement } from '../../src/sdk/index.ts';
import type { NetworkSeen } from './probe.ts';
import { type DhcpHost, type Network, type PortGroup, type State } from './read.ts';
import { emptyNetwork, hostXml, networkXml, portgroupXml, rangeXml } from './xml.ts';

/** What libvirt changes in a network that runs. */
export const liveKeys: readonly (keyof Network)[] = ['dhcp_ranges', 'dhcp_hosts', 'portgroups'];

type Goal = Partial<State> | null;

export function networkSteps(
  name: string,
  from: State | null,
  to: Goal,
  restart: boolean,
  seen: NetworkSeen | null | undefined,
): readonly Step[] {
  const net = (verb: string, ...words: readonly string[]): Step => virshStep([verb, '--network', name, ...words]);
  if (isDeepStrictEqual(from, to)) return [];
  if (to === null) {
    return [
      ...(from?.active === true ? [net('net-destroy')] : []),
      ...(from?.persistent === true ? [net('net-undefine')] : []),
    ];
  }
  const steps: Step[] = [];
  if (to.persistent !== false && needsDefine(from, to)) {
    steps.push(virshStep(['net-define', '--file', '/dev/stdin'], formatXml(goalXml(name, to, seen))));
  }
  const runs = to.active ?? from?.active ?? false;
  const cut = from?.active === true && runs && restart && stale(from, to);
  if (from?.active === true && (!runs || cut)) steps.push(net('net-destroy'));
  if (runs && (from?.active !== true || cut)) steps.push(net('net-start'));
  if (from?.live && runs && !cut && to.live) {
    steps.push(...updates(name, from.live, to.live, seen?.live ?? undefined));
  }
  if (to.autostart !== undefined && to.autostart !== (from?.autostart ?? false)) {
    steps.push(net('net-autostart', ...(to.autostart ? [] : ['--disable'])));
  }
  if (to.persistent === false && from?.persistent === true) steps.push(net('net-undefine'));
  return steps;
}

const needsDefine = (from: State | null, to: Partial<State>): boolean =>
  from === null || !from.persistent || (to.config !== undefined && !isDeepStrictEqual(from.config, to.config));

/** Going back to what was there is going back to its XML, with all that kvmnet does not know in it. */
function goalXml(name: string, to: Partial<State>, seen: NetworkSeen | null | undefined): XmlElement {
  const base = seen?.config ?? emptyNetwork(name);
  return to.config === undefined ? base : networkXml(base, to.config);
}

/** Whether only a new start brings what runs to what is wanted. */
export const stale = (from: State, to: Partial<State>): boolean =>
  fixedDifferences(from.live ?? from.config, to.config ?? {}).length > 0;

export const fixedDifferences = (live: Network, wanted: Partial<Network>): readonly (keyof Network)[] =>
  (Object.keys(wanted) as (keyof Network)[]).filter(
    (key) => wanted[key] !== undefined && !liveKeys.includes(key) && !sameItems(live[key], wanted[key]),
  );

const sameItems = (a: Network[keyof Network], b: Network[keyof Network]): boolean => {
  if (!Array.isArray(a) || !Array.isArray(b)) return isDeepStrictEqual(a, b);
  const sorted = (items: readonly unknown[]): readonly string[] => items.map((item) => JSON.stringify(item)).toSorted();
  return isDeepStrictEqual(sorted(a), sorted(b));
};

function updates(name: string, from: Network, to: Network, live: XmlElement | undefined): readonly Step[] {
  const update = (verb: string, section: string, xml: XmlElement): Step =>
    virshStep(['net-update', '--network', name, verb, section, '--xml', formatXml(xml).trim(), '--live']);
  const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);
  const ranges = (net: Network) => net.dhcp_ranges;
  const gone = ranges(from).filter((range) => !ranges(to).some((other) => same(range, other)));
  const come = ranges(to).filter((range) => !ranges(from).some((other) => same(range, other)));
  return [
    // A host is told by its parts: one that changes goes and comes again.
    ...lost(from.dhcp_hosts, to.dhcp_hosts).map((host) => update('delete', 'ip-dhcp-host', hostXml(host))),
    ...gone.map((range) => update('delete', 'ip-dhcp-range', rangeXml(range))),
    ...come.map((range) => update('add-last', 'ip-dhcp-range', rangeXml(range))),
    ...lost(to.dhcp_hosts, from.dhcp_hosts).map((host) => update('add-last', 'ip-dhcp-host', hostXml(host))),
    ...portgroupSteps(from.portgroups, to.portgroups, live, update),
  ];
}

const lost = (from: readonly DhcpHost[], to: readonly DhcpHost[]): readonly DhcpHost[] =>
  from.filter((host) => !to.some((other) => isDeepStrictEqual(host, other)));

function portgroupSteps(
  from: readonly PortGroup[],
  to: readonly PortGroup[],
  live: XmlElement | undefined,
  update: (verb: string, section: string, xml: XmlElement) => Step,
): readonly Step[] {
  const find = (groups: readonly PortGroup[], name: string): PortGroup | undefined =>
    groups.find((group) => group.name === name);
  const changed = to.filter((group) => !isDeepStrictEqual(group, find(from, group.name)));
  // Two defaults at a time are refused: who gives it up goes first.
  const ordered = changed.toSorted((a, b) => Number(a.default) - Number(b.default));
  return [
    ...from
      .filter((group) => find(to, group.name) === undefined)
      .map((group) => update('delete', 'portgroup', portgroupXml(group))),
    ...ordered.map((group) => {
      const own = xmlChildren(live, 'portgroup').find(({ attributes }) => attributes['name'] === group.name);
      const verb = find(from, group.name) === undefined ? 'add-last' : 'modify';
      return update(verb, 'portgroup', portgroupXml(group, own));
    }),
  ];
}
