import ipaddr from 'ipaddr.js';
import { canonical, text } from './canonical.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Canonical form of an address, as RFC 5952 and the kernel write it. @throws RangeError */
export const parseAddress = (value: string): string => format(read(value.trim()));

/** Canonical form of an address with its prefix length; host bits stay. A bare address gets /32 or /128. @throws RangeError */
export function parseCidr(value: string): string {
  const { address, length } = readCidr(value);
  return `${format(address)}/${length}`;
}

/** Canonical form of a network: host bits are masked. @throws RangeError */
export function parseNetwork(value: string): string {
  const { address, length } = readCidr(value);
  const bytes = address
    .toByteArray()
    .map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff);
  return `${format(ipaddr.fromByteArray(bytes))}/${length}`;
}

export const ipFamily = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4);
export const isMulticast = (address: string): boolean => read(bare(address)).range() === 'multicast';

/** The address without its prefix length. */
export const bare = (cidr: string): string => cidr.split('/', 1)[0] ?? cidr;

/** Whether an address lies in a network (both canonical). */
export function inNetwork(address: string, network: string): boolean {
  const host = read(bare(address));
  const { address: net, length } = readCidr(network);
  return host.kind() === net.kind() && host.match(net, length);
}

function read(value: string): Address {
  if (value.includes('%')) throw new RangeError(`"${value}" names a scope: give the address and the interface apart`);
  // ipaddr.js would also take `10.1`, `0x0a000001` and octal parts: that is what attackers and typing errors look like.
  if (ipaddr.IPv4.isValidFourPartDecimal(value)) return ipaddr.IPv4.parse(value);
  if (value.includes(':') && ipaddr.IPv6.isValid(value)) return ipaddr.IPv6.parse(value);
  throw new RangeError(`"${value}" is no IP address`);
}

function readCidr(value: string): { readonly address: Address; readonly length: number } {
  const [host = '', prefix, more] = value.trim().split('/');
  const address = read(host);
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (prefix === undefined) return { address, length: bits };
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : maskLength(prefix);
  if (more !== undefined || length === null || length > bits) {
    throw new RangeError(`"${value}" has no prefix length between 0 and ${bits}: write e.g. "10.0.0.1/24"`);
  }
  return { address, length };
}

// 10.0.0.0/255.255.255.0, as iptables and old tools take it.
const maskLength = (mask: string): number | null =>
  ipaddr.IPv4.isValidFourPartDecimal(mask) ? ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask() : null;

function format(address: Address): string {
  if (address instanceof ipaddr.IPv4) return address.toString();
  return address.isIPv4MappedAddress() ? `::ffff:${address.toIPv4Address().toString()}` : address.toRFC5952String();
}

/** An IPv4 or IPv6 address, in canonical form. */
export const ipAddress = () => canonical(text('an IP address'), parseAddress);

/** An address with a prefix length, `10.0.0.1/24`, in canonical form; without one it is a single host. */
export const cidr = () => canonical(text('an address'), parseCidr);

/** A network, `10.0.0.0/24`, in canonical form: host bits are masked. */
export const network = () => canonical(text('a network'), parseNetwork);
