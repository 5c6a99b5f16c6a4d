import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { ovsMirror } from './index.ts';

const base = { bridge: 'br0', name: 'm0' };

describe('parameters', () => {
  it.each(ovsMirror.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ovsMirror.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{ output_vlan: 5 }, 'nothing is selected: give select_src_port, select_dst_port, or select_all: yes'],
    [{ select_all: true }, 'a mirror needs output_port or output_vlan'],
    [{ select_all: true, output_port: 'a', output_vlan: 5 }, 'give output_port or output_vlan, not both'],
    [
      { select_all: true, select_src_port: ['b'], output_port: 'a' },
      'select_all copies everything: leave select_src_port and select_dst_port out',
    ],
    [{ select_src_port: ['a'], output_port: 'a' }, 'a cannot get copies of its own frames'],
    [
      { select_all: true, select_vlan: ['1-9'], output_vlan: 5 },
      'copies in VLAN 5 would be copied again: take it out of select_vlan',
    ],
    [{ select_all: true, output_port: 'a', snaplen: 4 }, 'expected a length in bytes: a whole number from 14 to 65535'],
    [{ state: 'absent' }, undefined],
  ])('%j: %s', (params, message) => {
    expect(messageOf(ovsMirror.params, { ...base, ...params })).toBe(message);
  });
  it.each(['select_src_port', 'select_dst_port'])('takes no copies for what is copied: %s', (key) => {
    const port = (name: string) => ({ name });
    const bridge = {
      name: 'br0',
      ports: ['a', 'b', 'c'].map(port),
      mirrors: [
        { name: 'other', output: 'a' },
        { name: 'into a VLAN', output: null },
        { name: 'm0', output: 'b' },
      ],
    };
    const seen = { ovs: { bridges: [bridge] } } as never;
    const want = (selected: string) =>
      ovsMirror.want(ovsMirror.params.parse({ ...base, [key]: [selected], output_port: 'c' }), null, seen);
    expect(() => want('a')).toThrow('a gets the copies of the mirror other, and carries nothing else');
    expect(want('b')).toMatchObject({ [key]: ['b'], output_port: 'c' });
  });
  it('makes what little a goal says, and nothing more', () => {
    const p = ovsMirror.params.parse({ ...base, select_all: true, output_port: 'a' });
    const [step] = ovsMirror.steps(null, { output_port: 'a' } as never, p);
    const args = step?.kind === 'snippet' ? step.args : [];
    expect(args.slice(0, 2)).toEqual(['br0', '"m0"']);
    expect(args.filter((word) => word === 'create')).toHaveLength(1);
    expect(args.join(' ')).not.toMatch(/select_all=true|select_vlan=\S*\d|undefined/);
  });
  it('touches the port that gets copies', () => {
    const p = ovsMirror.params.parse({ ...base, state: 'absent' });
    const state = (output_port: string | null) => ({ output_port }) as never;
    expect(ovsMirror.touches?.(null, state('a'), p)).toEqual({ links: ['a'] });
    expect(ovsMirror.touches?.(state('a'), null, p)).toEqual({ links: ['a'] });
    expect(ovsMirror.touches?.(state('a'), state('a'), p)).toBe('none');
    expect(ovsMirror.touches?.(null, state(null), p)).toBe('none');
    expect(ovsMirror.steps(null, null, p)).toEqual([]);
  });
});
