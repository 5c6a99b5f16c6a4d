import ipaddr from 'ipaddr.js';

/** @throws Error where the text is no address with a prefix length */
export function parseCidr(prefix: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (!ipaddr.isValidCIDR(prefix))
    throw new Error(`"${prefix}" is not an address with a prefix length, such as 10.0.0.0/24`);
  return ipaddr.parseCIDR(prefix);
}

/** The n-th address of a prefix; negative counts from the end. */
export function cidrHost(prefix: string, index: bigint): string {
  const [address, length] = parseCidr(prefix);
  const bytes = address.toByteArray();
  const bits = bytes.length * 8;
  const size = 1n << BigInt(bits - length);
  const network = (bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) / size) * size;
  const offset = index < 0n ? size + index : index;
  if (offset < 0n || offset >= size) throw new Error(`${prefix} has no address number ${index}`);
  const host = network + offset;
  const result = bytes.map((_, i) => Number((host >> BigInt(bits - 8 * (i + 1))) & 0xffn));
  return ipaddr.fromByteArray(result).toString();
}

export function cidrNetmask(prefix: string): string {
  const [address, length] = parseCidr(prefix);
  if (address.kind() !== 'ipv4') throw new Error(`${prefix} is IPv6 and has no dotted netmask`);
  return ipaddr.IPv4.subnetMaskFromPrefixLength(length).toString();
}

export function cidrContains(prefix: string, inner: string): boolean {
  const [network, length] = parseCidr(prefix);
  const [address, innerLength] = inner.includes('/') ? parseCidr(inner) : [parseAddress(inner), 128];
  if (address.kind() !== network.kind() || innerLength < length) return false;
  return address.match(network, length);
}

function parseAddress(address: string): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!ipaddr.isValid(address)) throw new Error(`"${address}" is not an address`);
  return ipaddr.parse(address);
}
