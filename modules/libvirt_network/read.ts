import {
  bandwidthOf,
  parseCidr,
  parseMac,
  pciOf,
  vlanOf,
  xmlChild,
  xmlChildren,
  type XmlElement,
} from '../../src/sdk/index.ts';

export type PortGroup = { name: string; default: boolean; virtualport: string | null; vlan: number[] };
export type DhcpHost = { ip: string; mac: string | null; name: string | null };

/** What one XML of a network says, in canonical form. */
export type Network = {
  forward: string;
  dev: string | null;
  bridge: string | null;
  stp: boolean;
  delay: number;
  mtu: number | null;
  domain: string | null;
  addresses: string[];
  dhcp_ranges: { start: string; end: string }[];
  dhcp_hosts: DhcpHost[];
  virtualport: string | null;
  vlan: number[];
  portgroups: PortGroup[];
  pf: string | null;
  vfs: string[];
  inbound: string | null;
  outbound: string | null;
};

export type State = {
  active: boolean;
  autostart: boolean;
  /** False for one that is gone with its last run: libvirt has no file of it. */
  persistent: boolean;
  /** What it will be when it starts next. */
  config: Network;
  /** What runs now. */
  live: Network | null;
};

export function readNetwork(xml: XmlElement): Network {
  const forward = xmlChild(xml, 'forward');
  const bridge = xmlChild(xml, 'bridge')?.attributes ?? {};
  const ips = xmlChildren(xml, 'ip');
  const dhcp = ips.flatMap((ip) => xmlChildren(ip, 'dhcp'));
  const size = xmlChild(xml, 'mtu')?.attributes['size'];
  const mode = forward?.attributes['mode'] ?? (forward === undefined ? 'none' : 'nat');
  return {
    forward: mode,
    dev: forward?.attributes['dev'] ?? xmlChild(forward, 'interface')?.attributes['dev'] ?? null,
    bridge: bridge['name'] ?? null,
    stp: bridge['stp'] !== 'off',
    delay: Number(bridge['delay'] ?? 0),
    mtu: size === undefined ? null : Number(size),
    domain: xmlChild(xml, 'domain')?.attributes['name'] ?? null,
    addresses: ips.map(addressOf),
    dhcp_ranges: dhcp
      .flatMap((each) => xmlChildren(each, 'range'))
      .map(({ attributes: { start = '', end = '' } }) => ({ start, end })),
    dhcp_hosts: dhcp
      .flatMap((each) => xmlChildren(each, 'host'))
      .map(({ attributes: { ip = '', mac, name } }) => ({
        ip,
        mac: mac === undefined ? null : parseMac(mac),
        name: name ?? null,
      })),
    virtualport: xmlChild(xml, 'virtualport')?.attributes['type'] ?? null,
    vlan: vlanOf(xml),
    portgroups: xmlChildren(xml, 'portgroup').map(portGroup),
    pf: xmlChild(forward, 'pf')?.attributes['dev'] ?? null,
    vfs: xmlChild(forward, 'pf') === undefined ? xmlChildren(forward, 'address').map(pciOf) : [],
    inbound: bandwidthOf(xml, 'inbound'),
    outbound: bandwidthOf(xml, 'outbound'),
  };
}

function portGroup(group: XmlElement): PortGroup {
  const { name = '', default: isDefault } = group.attributes;
  const virtualport = xmlChild(group, 'virtualport')?.attributes['type'] ?? null;
  return { name, default: isDefault === 'yes', virtualport, vlan: vlanOf(group) };
}

export function addressOf(ip: XmlElement): string {
  const { address = '', prefix, netmask, family } = ip.attributes;
  if (prefix !== undefined) return parseCidr(`${address}/${prefix}`);
  if (netmask === undefined) return parseCidr(`${address}/${family === 'ipv6' ? 64 : classOf(address)}`);
  const bits = netmask.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  return parseCidr(`${address}/${bits.join('').replace(/0+$/, '').length}`);
}

// Without a netmask libvirt goes by the old classes.
const classOf = (address: string): number => {
  const first = Number(address.split('.')[0]);
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
};
