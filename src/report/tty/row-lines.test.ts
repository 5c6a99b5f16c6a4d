import { describe, expect, it } from 'vitest';
import { plain } from '../paint.ts';
import { textWidth } from '../../util/text-width.ts';
import type { HostRow } from './host-table.ts';
import { rowLines } from './row-lines.ts';

const row = (host: string, more: Partial<HostRow> = {}): HostRow => ({
  host,
  state: 'working',
  doing: 'sysctl network buffers',
  since: 0,
  taskIndex: 3,
  taskCount: 20,
  changed: 0,
  wouldChange: 0,
  ...more,
});

const view = (columns: number, maxLines: number) => ({
  paint: plain,
  columns,
  maxLines,
  now: 4200,
  started: 0,
  icon: ({ state }: HostRow) => (state === 'working' ? '*' : state === 'failed' ? 'x' : ' '),
});

describe('rowLines', () => {
  it('shows what each host is at', () => {
    const rows = [
      row('kvm01', { changed: 2 }),
      row('kvm02', { state: 'done', doing: 'done' }),
      row('kvm-edge-03', {
        state: 'failed',
        doing: 'failed: eth0 has no SR-IOV and never will have, however long one waits',
      }),
      row('kvm04', { state: 'waiting', doing: 'waiting', taskIndex: undefined }),
    ];
    expect(rowLines(rows, view(80, 10)).map((line) => line.trimEnd())).toEqual([
      '* kvm01         3/20  sysctl network buffers                   2 changed     4s',
      '  kvm02               done',
      'x kvm-edge-03         failed: eth0 has no SR-IOV and never will have, ho…',
      '  kvm04               waiting',
      '  4 hosts: 1 working, 1 waiting, 1 done, 1 failed, 4s',
    ]);
  });
  it('shows the longest working and the failed ones where not all fit, in the order of the play', () => {
    const rows = Array.from({ length: 200 }, (_, i) =>
      row(`kvm${i + 1}`, i === 150 ? { state: 'failed', doing: 'failed: x' } : { since: i === 99 ? -5 : i }),
    );
    const lines = rowLines(rows, view(80, 5));
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual(['kvm1', 'kvm2', 'kvm100', 'kvm151', '200']);
    expect(lines.at(-1)).toBe('  200 hosts (196 not shown): 199 working, 1 failed, 4s');
  });
  it.each([200, 80, 60, 40, 20, 10])('leaves the last of %d columns free', (columns) => {
    const rows = [
      row('a-host-with-a-long-name.example.org', { changed: 12 }),
      row('b'),
      row('漢字', { state: 'done', doing: '漢字' }),
    ];
    for (const line of rowLines(rows, view(columns, 10))) expect(textWidth(line)).toBeLessThan(columns);
  });
});
