import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { cidr, inNetwork, ipAddress, ipFamily, isMulticast, network, parseCidr, parseNetwork } from './ip.ts';

describe('ip', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80:0:0:0:0:0:0:1', 'fe80::1'],
    ['::FFFF:192.168.1.1', '::ffff:192.168.1.1'],
    ['::', '::'],
  ])('reads the address %s', (input, output) => {
    expect(ipAddress().parse(input)).toBe(output);
  });
  it.each(['10.1', '0x0a000001', '010.0.0.1', '256.0.0.1', '10.0.0.1/24', 'example.com', '', '1'])(
    'refuses %j',
    (input) => {
      expect(messageOf(ipAddress(), input)).toBe(`"${input}" is no IP address`);
    },
  );
  it('refuses a scope and a number', () => {
    expect(messageOf(ipAddress(), 'fe80::1%eth0')).toBe(
      '"fe80::1%eth0" names a scope: give the address and the interface apart',
    );
    expect(messageOf(ipAddress(), 10.1)).toContain('an IP address is text, not a number (10.1)');
  });
  it.each([
    ['10.0.0.5/24', '10.0.0.5/24', '10.0.0.0/24'],
    ['10.0.0.5', '10.0.0.5/32', '10.0.0.5/32'],
    ['10.0.0.5/255.255.240.0', '10.0.0.5/20', '10.0.0.0/20'],
    ['2001:db8::5/33', '2001:db8::5/33', '2001:db8::/33'],
    ['2001:DB8::5', '2001:db8::5/128', '2001:db8::5/128'],
    ['192.168.1.200/25', '192.168.1.200/25', '192.168.1.128/25'],
    ['255.255.255.255/0', '255.255.255.255/0', '0.0.0.0/0'],
    ['0.0.0.0/0', '0.0.0.0/0', '0.0.0.0/0'],
  ])('reads %s', (input, address, net) => {
    expect(cidr().parse(input)).toBe(address);
    expect(network().parse(input)).toBe(net);
  });
  it.each(['10.0.0.1/33', '10.0.0.1/-1', '10.0.0.1/24/5', '10.0.0.1/', '10.0.0.1/255.0.255.0'])(
    'refuses %s',
    (input) => {
      expect(messageOf(cidr(), input)).toBe(
        `"${input}" has no prefix length between 0 and 32: write e.g. "10.0.0.1/24"`,
      );
    },
  );
  it('answers questions about addresses', () => {
    expect(ipFamily('fd00::1')).toBe(6);
    expect(ipFamily('10.0.0.1/8')).toBe(4);
    expect(['239.1.1.1', 'ff05::1', '10.0.0.1'].map(isMulticast)).toEqual([true, true, false]);
    expect(inNetwork('10.0.0.77/24', '10.0.0.64/26')).toBe(true);
    expect(inNetwork('10.0.1.77', '10.0.0.64/26')).toBe(false);
    expect(inNetwork('fd00::1', '10.0.0.64/26')).toBe(false);
  });
  it('has fixed points', () => {
    const address = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    );
    fc.assert(
      fc.property(address, ([host, length]) => {
        for (const canonical of [parseCidr, parseNetwork]) {
          const once = canonical(`${host}/${length}`);
          expect(canonical(once)).toBe(once);
        }
        expect(inNetwork(parseCidr(host), parseNetwork(`${host}/${length}`))).toBe(true);
      }),
    );
  });
});
