import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { pciAddress } from './pci-address.ts';

describe('pciAddress', () => {
  it.each([
    ['05:00.0', '0000:05:00.0'],
    ['0000:0A:1F.7', '0000:0a:1f.7'],
    ['10000:01:00.0', '10000:01:00.0'],
  ])('reads %s', (input, output) => {
    expect(pciAddress().parse(input)).toBe(output);
    expect(pciAddress().parse(output)).toBe(output);
  });
  it.each(['05:00', '05:20.0', '05:00.8', '000:05:00.0', 'eth0', '05:00.0 '.repeat(2)])('refuses %s', (input) => {
    expect(messageOf(pciAddress(), input)).toBe(`"${input}" is no PCI address: write e.g. "0000:05:00.0" or "05:00.0"`);
  });
});
