import { describe, expect, it } from 'vitest';
import { ifname } from './ifname.ts';
import { messageOf } from '../testing/message-of.ts';

describe('ifname', () => {
  it.each(['eth0', 'enp1s0f0np0', 'br-ex', 'vxlan100', 'a', '123456789012345', 'größe', 'eth0.100', '..a'])(
    'takes %s',
    (name) => {
      expect(ifname().parse(name)).toBe(name);
    },
  );
  it.each([
    ['größe-größe-12', '"größe-größe-12" has 18 bytes'],
    ['', 'an interface name cannot be empty'],
    ['1234567890123456', '"1234567890123456" has 16 bytes, an interface name has at most 15: shorten it'],
    ['.', '"." cannot be an interface name'],
    ['..', '".." cannot be an interface name'],
    ['a/b', '"a/b" has a "/" in it, which an interface name cannot have'],
    ['a b', '"a b" has white space in it, which an interface name cannot have'],
    ['a\tb', '"a\\tb" has white space in it, which an interface name cannot have'],
    ['a\0b', '"a\\u0000b" has a control character in it, which an interface name cannot have'],
    ['a:b', '"a:b" has a ":" in it, which an interface name cannot have'],
    [10, 'an interface name is text, not a number (10): quote it, YAML reads it as something else'],
    [undefined, 'an interface name is text, not missing: quote it, YAML reads it as something else'],
  ])('refuses %j', (name, message) => {
    expect(messageOf(ifname(), name)).toContain(message);
  });
});
