import { canonical, text } from './canonical.ts';

/** Canonical MAC address: lower case, colons. Takes `:`, `-` and Cisco's dotted form. @throws RangeError */
export function parseMac(value: string): string {
  const digits = /^(?:[0-9a-f]{1,2}([:-])(?:[0-9a-f]{1,2}\1){4}[0-9a-f]{1,2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})$/i;
  const trimmed = value.trim();
  if (!digits.test(trimmed)) {
    throw new RangeError(`"${value}" is no MAC address: write six hexadecimal bytes, e.g. "52:54:00:6d:90:02"`);
  }
  const bytes = trimmed.includes('.')
    ? (trimmed.replaceAll('.', '').match(/../g) ?? [])
    : trimmed.split(/[:-]/).map((byte) => byte.padStart(2, '0'));
  return bytes.join(':').toLowerCase();
}

/** Canonical MAC address that one interface can have. @throws RangeError for multicast and all zeros */
export function parseUnicastMac(value: string): string {
  const mac = parseMac(value);
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    throw new RangeError(`"${mac}" is a multicast address, an interface needs a unicast one: make the first byte even`);
  }
  if (mac === '00:00:00:00:00:00') throw new RangeError('an interface cannot have the MAC address of all zeros');
  return mac;
}

/** A MAC address, any. */
export const mac = () => canonical(text('a MAC address'), parseMac);

/** A MAC address that an interface can have: no multicast, not all zeros. */
export const unicastMac = () => canonical(text('a MAC address'), parseUnicastMac);
