import { bandwidthOf, parseMac, pciOf, vlanOf, xmlChild, xmlChildren, type XmlElement } from '../../src/sdk/index.ts';
import type { LibvirtInterface } from './params.ts';

/** One interface of a guest in canonical form. What libvirt makes up (vnet0, alias, address) is no part of it. */
export type Interface = {
  mac: string | null;
  type: string;
  source: string | null;
  mode: string | null;
  managed: boolean | null;
  portgroup: string | null;
  virtualport: string | null;
  model: string | null;
  driver: string | null;
  queues: number;
  inbound: string | null;
  outbound: string | null;
  mtu: number | null;
  vlan: number[];
  target: string | null;
  link: 'up' | 'down';
};

export type State = {
  /** What the guest is started with next; null where that has none. */
  config: Interface | null;
  /** What the running guest has. */
  live: Interface | null;
};

export function readInterface(xml: XmlElement): Interface {
  const source = xmlChild(xml, 'source');
  const { attributes: at = {} } = source ?? {};
  // A network on a bridge shows as type bridge while the guest runs, with the name of the network.
  const type = at['network'] === undefined ? (xml.attributes['type'] ?? '') : 'network';
  const driver = xmlChild(xml, 'driver')?.attributes ?? {};
  const mac = xmlChild(xml, 'mac')?.attributes['address'];
  const size = xmlChild(xml, 'mtu')?.attributes['size'];
  const address = xmlChild(source, 'address');
  const managed = type === 'hostdev' ? xml.attributes['managed'] === 'yes' : null;
  const target = xmlChild(xml, 'target')?.attributes['dev'];
  const sources: Readonly<Record<string, string | undefined>> = {
    network: at['network'],
    bridge: at['bridge'],
    direct: at['dev'],
    vhostuser: at['path'],
    hostdev: address === undefined ? undefined : pciOf(address),
  };
  return {
    mac: mac === undefined ? null : parseMac(mac),
    type,
    source: sources[type] ?? null,
    mode: type === 'direct' ? (at['mode'] ?? 'vepa') : type === 'vhostuser' ? (at['mode'] ?? null) : null,
    managed,
    portgroup: at['portgroup'] ?? null,
    virtualport: xmlChild(xml, 'virtualport')?.attributes['type'] ?? null,
    model: xmlChild(xml, 'model')?.attributes['type'] ?? null,
    driver: driver['name'] ?? null,
    queues: Number(driver['queues'] ?? 1),
    inbound: bandwidthOf(xml, 'inbound'),
    outbound: bandwidthOf(xml, 'outbound'),
    mtu: size === undefined ? null : Number(size),
    vlan: vlanOf(xml),
    target: target === undefined || /^(vnet|macvtap|vif)\d/.test(target) ? null : target,
    link: xmlChild(xml, 'link')?.attributes['state'] === 'down' ? 'down' : 'up',
  };
}

/** The same while it runs: what comes from the network that the guest names is not the guest's. */
export function readLive(xml: XmlElement, config: Interface | null): Interface {
  const live = readInterface(xml);
  if (config?.type !== 'network') return live;
  const { type, source, mode, managed } = live.type === 'network' ? live : config;
  return { ...live, type, source, mode, managed, virtualport: config.virtualport };
}

/** Elements of the domain's XML that the parameters mean. */
export const matching = (domain: XmlElement | null | undefined, p: LibvirtInterface): readonly XmlElement[] =>
  xmlChildren(xmlChild(domain ?? undefined, 'devices'), 'interface').filter((xml) => {
    if (p.mac === undefined) return xmlChild(xml, 'alias')?.attributes['name'] === p.alias;
    const address = xmlChild(xml, 'mac')?.attributes['address'];
    return address !== undefined && parseMac(address) === p.mac;
  });
