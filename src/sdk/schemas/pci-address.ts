import { canonical, text } from './canonical.ts';

/** Canonical PCI address `DDDD:BB:DD.F`, lower case; without a domain it is 0000. @throws RangeError */
export function parsePciAddress(value: string): string {
  const match = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/i.exec(value.trim());
  if (match === null) throw new RangeError(`"${value}" is no PCI address: write e.g. "0000:05:00.0" or "05:00.0"`);
  const [, domain = '0000', bus, device, func] = match;
  return `${domain}:${bus}:${device}.${func}`.toLowerCase();
}

/** A PCI address: `05:00.0` or `0000:05:00.0`. */
export const pciAddress = () => canonical(text('a PCI address'), parsePciAddress);
