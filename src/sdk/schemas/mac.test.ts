import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { mac, parseMac, unicastMac } from './mac.ts';

describe('mac', () => {
  it.each([
    ['52:54:00:6D:90:02', '52:54:00:6d:90:02'],
    ['52-54-00-6d-90-02', '52:54:00:6d:90:02'],
    ['5254.006d.9002', '52:54:00:6d:90:02'],
    ['2:54:0:6d:90:2', '02:54:00:6d:90:02'],
    ['ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff'],
  ])('reads %s', (input, output) => {
    expect(mac().parse(input)).toBe(output);
  });
  it.each([
    '',
    '52:54:00:6d:90',
    '52:54:00:6d:90:02:01',
    '52:54-00:6d:90:02',
    '52:54:00:6d:90:0g',
    '52:54:00:6d:90:02\n52',
  ])('refuses %j', (input) => {
    expect(messageOf(mac(), input)).toBe(
      `"${input}" is no MAC address: write six hexadecimal bytes, e.g. "52:54:00:6d:90:02"`,
    );
  });
  it('knows the sexagesimal number that YAML 1.1 makes of 11:22:33:44:55:06', () => {
    expect(messageOf(mac(), 8_841_895_506)).toBe(
      'a MAC address is text, not a number (8841895506): quote it, YAML reads it as something else',
    );
  });
  it('refuses what no interface can have', () => {
    expect(messageOf(unicastMac(), '01:00:5e:00:00:01')).toBe(
      '"01:00:5e:00:00:01" is a multicast address, an interface needs a unicast one: make the first byte even',
    );
    expect(messageOf(unicastMac(), '0:0:0:0:0:0')).toBe('an interface cannot have the MAC address of all zeros');
    expect(unicastMac().parse('02:AB:00:00:00:01')).toBe('02:ab:00:00:00:01');
  });
  it('has fixed points', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((n) => n.toString(16));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 6, maxLength: 6 }), fc.constantFrom(':', '-'), (bytes, separator) => {
        const canonical = parseMac(bytes.join(separator).toUpperCase());
        expect(parseMac(canonical)).toBe(canonical);
      }),
    );
  });
});
