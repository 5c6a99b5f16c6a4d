import { describe, expect, it } from 'vitest';
import { printable, valueText } from './value-text.ts';

describe('valueText', () => {
  it.each([
    ['on', 'on'],
    ['4096 65536 134217728', '4096 65536 134217728'],
    [9000, '9000'],
    [true, 'true'],
    [null, '(unset)'],
    ['', '""'],
    [' padded', '" padded"'],
    ['two\nlines', '"two\\nlines"'],
    ['\u001b[31mred', '"\\u001b[31mred"'],
    [['eth1', 'eth2'], '[eth1, eth2]'],
    [['a, b', 'c]'], '["a, b", "c]"]'],
    [{ vlan: 100, mac: '02:00:00:00:00:01' }, '{vlan: 100, mac: 02:00:00:00:00:01}'],
    [[null, { a: [] }], '[null, {a: []}]'],
    [[], '[]'],
  ])('writes %j as %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });
  it('shortens in the middle, because both ends tell something', () => {
    expect(valueText(`sha256:${'0'.repeat(60)}ff`, 20)).toBe('sha256:000…0000000ff');
  });
});

describe('printable', () => {
  it('lets no escape sequence of a host reach the terminal', () => {
    expect(printable('a\u001b]0;title\u0007b\r\nc\td\rE\u009b2J')).toBe('a␛]0;title␇b\nc\td␍E�2J');
  });
});
