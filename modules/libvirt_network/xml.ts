import { isDeepStrictEqual } from 'node:util';
import {
  bandwidthXml,
  ipFamily,
  pciXml,
  vlanXml,
  withXmlAttributes,
  withXmlChildren,
  xmlChild,
  xmlChildren,
  xmlElement,
  type XmlElement,
} from '../../src/sdk/index.ts';
import { addressOf, readNetwork, type DhcpHost, type Network, type PortGroup } from './read.ts';

export const emptyNetwork = (name: string): XmlElement => xmlElement('network', {}, [xmlElement('name', {}, [name])]);

/** The XML with what differs set as `to` says; everything else in it stays, what kvmnet does not know as well. */
export function networkXml(base: XmlElement, to: Partial<Network>): XmlElement {
  const goal = { ...readNetwork(base), ...to };
  const was = readNetwork(base);
  const differs = (...keys: readonly (keyof Network)[]): boolean =>
    keys.some((key) => !isDeepStrictEqual(was[key], goal[key]));
  let xml = base;
  const replace = (name: string, children: readonly (XmlElement | undefined)[]): void => {
    xml = withXmlChildren(xml, name, children);
  };
  if (differs('forward', 'dev', 'pf', 'vfs')) replace('forward', [forwardXml(xmlChild(base, 'forward'), goal)]);
  if (differs('bridge', 'stp', 'delay')) replace('bridge', [bridgeXml(xmlChild(base, 'bridge'), goal, was)]);
  if (differs('mtu')) replace('mtu', [goal.mtu === null ? undefined : xmlElement('mtu', { size: goal.mtu })]);
  if (differs('domain')) {
    const own = xmlChild(base, 'domain') ?? xmlElement('domain');
    replace('domain', [goal.domain === null ? undefined : withXmlAttributes(own, { name: goal.domain })]);
  }
  if (differs('virtualport')) replace('virtualport', [virtualportXml(goal.virtualport)]);
  if (differs('vlan')) replace('vlan', [vlanXml(goal.vlan)]);
  if (differs('inbound', 'outbound')) replace('bandwidth', [bandwidthXml(goal.inbound, goal.outbound)]);
  if (differs('portgroups')) replace('portgroup', portgroups(base, goal.portgroups));
  if (differs('addresses', 'dhcp_ranges', 'dhcp_hosts')) replace('ip', addresses(base, goal));
  return xml;
}

function forwardXml(own: XmlElement | undefined, { forward, dev, pf, vfs }: Network): XmlElement | undefined {
  if (forward === 'none') return undefined;
  const sources = ['interface', 'pf', 'address'];
  const kept = (own?.attributes['mode'] === forward ? own.children : []).filter(
    (child) => typeof child !== 'string' && !sources.includes(child.name),
  );
  if (forward === 'nat' || forward === 'route') return xmlElement('forward', { mode: forward, dev }, kept);
  const interfaces = dev === null ? [] : [xmlElement('interface', { dev })];
  if (forward !== 'hostdev') return xmlElement('forward', { mode: forward, dev }, [...kept, ...interfaces]);
  const functions = pf === null ? vfs.map(pciXml) : [xmlElement('pf', { dev: pf })];
  return xmlElement('forward', { mode: forward, managed: 'yes' }, [...kept, ...functions]);
}

function bridgeXml(own: XmlElement | undefined, { bridge, stp, delay }: Network, was: Network): XmlElement {
  return withXmlAttributes(own ?? xmlElement('bridge'), {
    name: bridge,
    stp: stp === was.stp ? undefined : stp ? 'on' : 'off',
    delay: delay === was.delay ? undefined : delay,
  });
}

const virtualportXml = (type: string | null): XmlElement | undefined =>
  type === null ? undefined : xmlElement('virtualport', { type });

const portgroups = (base: XmlElement, groups: readonly PortGroup[]): readonly XmlElement[] =>
  groups.map((group) => {
    const own = xmlChildren(base, 'portgroup').find(({ attributes }) => attributes['name'] === group.name);
    return portgroupXml(group, own);
  });

/** @param own - what there is of that name: what kvmnet does not know of it stays */
export function portgroupXml(group: PortGroup, own = xmlElement('portgroup')): XmlElement {
  const named = withXmlAttributes(own, { name: group.name, default: group.default ? 'yes' : null });
  const ported = withXmlChildren(named, 'virtualport', [virtualportXml(group.virtualport)]);
  return withXmlChildren(ported, 'vlan', [vlanXml(group.vlan)]);
}

export const rangeXml = ({ start, end }: { start: string; end: string }): XmlElement =>
  xmlElement('range', { start, end });

export const hostXml = ({ mac, name, ip }: DhcpHost): XmlElement => xmlElement('host', { mac, name, ip });

function addresses(base: XmlElement, goal: Network): readonly XmlElement[] {
  const given = new Map<4 | 6, boolean>();
  return goal.addresses.map((address) => {
    const [ip = '', prefix = ''] = address.split('/');
    const family = ipFamily(ip);
    const own = xmlChildren(base, 'ip').find((element) => addressOf(element) === address);
    const element = own ?? xmlElement('ip', { family: family === 6 ? 'ipv6' : undefined, address: ip, prefix });
    // libvirt takes DHCP in one subnet of each family only.
    const first = given.get(family) !== true;
    given.set(family, true);
    const of = <T>(items: readonly T[], ipOf: (item: T) => string): readonly T[] =>
      first ? items.filter((item) => ipFamily(ipOf(item)) === family) : [];
    const ranges = of(goal.dhcp_ranges, ({ start }) => start).map(rangeXml);
    const hosts = of(goal.dhcp_hosts, (host) => host.ip).map(hostXml);
    return withXmlChildren(element, 'dhcp', [dhcpXml(xmlChild(element, 'dhcp'), [...ranges, ...hosts])]);
  });
}

function dhcpXml(own: XmlElement | undefined, entries: readonly XmlElement[]): XmlElement | undefined {
  const others = (own?.children ?? []).filter(
    (child) => typeof child !== 'string' && child.name !== 'range' && child.name !== 'host',
  );
  return entries.length + others.length === 0 ? undefined : xmlElement('dhcp', {}, [...entries, ...others]);
}
