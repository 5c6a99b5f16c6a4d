import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { mtu, port, vlanId, vni } from './numbers.ts';

describe('numbers', () => {
  it.each([
    ['VLAN id', vlanId(), 1, 4094],
    ['VLAN id or none', vlanId({ zero: true }), 0, 4094],
    ['VNI', vni(), 0, 16_777_215],
    ['port', port(), 1, 65_535],
    ['MTU', mtu(), 68, 65_535],
  ])('%s', (_name, schema, min, max) => {
    expect(schema.parse(min)).toBe(min);
    expect(schema.parse(String(max))).toBe(max);
    for (const bad of [min - 1, max + 1, 1.5, '0x64', '1e2', '', ' ', true, null]) {
      expect(`${String(bad)}: ${messageOf(schema, bad)}`).toMatch(/: expected an? .*: a whole number from \d+ to \d+$/);
    }
  });
  it('names itself in the error', () => {
    expect(messageOf(vni(), 16_777_216)).toBe('expected a VNI: a whole number from 0 to 16777215');
  });
});
