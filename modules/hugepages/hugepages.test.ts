import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { hugepages } from './index.ts';
import type { State } from './read.ts';

describe('parameters', () => {
  it.each(hugepages.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(hugepages.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{}, 'give count, per_node, mount or default_size'],
    [{ count: 1, per_node: { 0: 1 } }, 'give count or per_node, not both'],
    [{ size: '4M', count: 1 }, 'a page has "2M" or "1G"'],
    [{ count: -1 }, 'expected a number of pages: a whole number from 0 to 100000000'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(hugepages.params, params)).toBe(message);
  });
});

it('refuses a mount point that is no absolute path', () => {
  expect(messageOf(hugepages.params, { mount: 'dev/huge' })).toBe('expected an absolute path, or false');
});

describe('what a host says', () => {
  const output = (...lines: readonly string[]) => ({
    stdout: lines.join('\n'),
    stderr: '',
    code: 0,
    bytes: new Uint8Array(),
  });
  const seenBy = (params: object, ...lines: readonly string[]) => {
    const p = hugepages.params.parse(params);
    const seen = hugepages.probes(p).seen.parse(output(...lines));
    return { p, seen, now: hugepages.state({ seen }, p) };
  };

  it.each([
    ['mounted rw,relatime,pagesize=1024M', '1024M'],
    ['mounted rw,relatime', 'default'],
    ['memory 1', null],
  ])('of a mount: %s', (line, mount) => {
    expect(seenBy({ mount: '/mnt' }, 'all 0 0', line).now?.mount).toBe(mount);
  });

  it.each([
    ['default 1048576', '1G'],
    ['default 2048', '2M'],
  ])('of its own size: %s', (line, size) => {
    expect(seenBy({ count: 1 }, 'all 0 0', line).now?.default_size).toBe(size);
  });

  it.each([
    [['node 0 0 0 8388608', 'node 1 0 0 8388608'], 'this host has 0, 1'],
    [[], 'this host has none, use count'],
  ])('of its nodes: %j', (nodes, hint) => {
    const { p, now, seen } = seenBy({ per_node: { 7: 1 } }, 'all 0 0', ...nodes);
    expect(() => hugepages.want(p, now, { seen })).toThrow(
      expect.objectContaining({ message: 'there is no NUMA node 7', hint }),
    );
  });
});

const state: State = { total: 4, nodes: { 0: 2, 1: 2 }, mount: null, default_size: '2M' };
describe('what only a boot brings', () => {
  it('is pending, and not written', () => {
    const p = hugepages.params.parse({ size: '1G', per_node: { 0: 4 }, default_size: '1G', method: 'boot' });
    const want = { total: 6, nodes: { 0: 4, 1: 2 }, default_size: '1G' };
    expect(hugepages.pending?.(state, want, p).map(({ path, until }) => [path, until])).toEqual([
      ['default_size', 'reboot'],
      ['total', 'reboot'],
      ['nodes[0]', 'reboot'],
    ]);
    expect(hugepages.steps(state, { ...state, ...want }, p)).toEqual([]);
  });
  it('is no number where none is asked for', () => {
    const p = hugepages.params.parse({ mount: '/mnt', method: 'boot' });
    expect(hugepages.pending?.(state, { mount: '2M' }, p)).toEqual([]);
    expect(hugepages.steps(state, null, p)).toEqual([]);
    expect(hugepages.steps(null, { mount: '2M' } as never, p)).toMatchObject([
      { kind: 'snippet', args: ['/mnt', '2M', '/mnt'] },
    ]);
  });
  it('is no matter at runtime', () => {
    const p = hugepages.params.parse({ count: 6 });
    expect(hugepages.pending?.(state, { total: 6 }, p)).toEqual([]);
    expect(hugepages.steps(state, { ...state, total: 6 }, p)).toMatchObject([{ args: ['2048'], stdin: 'all 6\n' }]);
    expect(hugepages.steps({ ...state, total: 6 }, state, p)).toMatchObject([{ stdin: '0 2\n1 2\n' }]);
    expect(hugepages.boot?.(p)).toMatchObject({
      id: '2M',
      before: expect.arrayContaining(['libvirtd.service']) as string[],
    });
  });
});
