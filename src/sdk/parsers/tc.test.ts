import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ProbeOutput } from '../probe.ts';
import { parseHtbClasses, parseQdiscs } from './tc.ts';
import { parseFilters } from './tc-filter-text.ts';

const output = (stdout: string): ProbeOutput => ({ stdout, stderr: '', code: 0, bytes: Buffer.from(stdout) });
const recorded = (name: string): ProbeOutput => output(readFileSync(new URL(`cases/${name}`, import.meta.url), 'utf8'));

describe('tc', () => {
  it('reads queueing disciplines', () => {
    expect(parseQdiscs(recorded('tc-qdisc.json'))).toMatchObject([
      { kind: 'htb', handle: '1:', root: true, options: { r2q: 10, default: '0x30', direct_qlen: 1000 } },
      { kind: 'pfifo', handle: '10:', root: false, parent: '1:10', options: { limit: 50 } },
      { kind: 'clsact', handle: 'ffff:' },
    ]);
    expect(parseQdiscs({ ...output('['), code: 1, stderr: 'Cannot find device "vnet9"\n' })).toEqual([]);
  });
  it('reads the text that iproute2 6.1 prints for classes in spite of -j', () => {
    const byId = new Map(parseHtbClasses(recorded('tc-class.txt')).map((item) => [item.classid, item]));
    expect(byId.get('1:1')).toMatchObject({
      parent: undefined,
      rate: { value: 1_250_000 },
      burst: { value: 1600, error: 0 },
    });
    expect(byId.get('1:10')).toMatchObject({
      parent: '1:1',
      leaf: '10:',
      prio: 2,
      quantum: 75_000,
      ceil: { value: 1_250_000 },
    });
    const { value, error } = byId.get('1:30')?.rate ?? { value: 0, error: 0 };
    // 1 Gibit is printed as 1073Mbit.
    expect([value, value + error]).toEqual([134_125_000, 134_250_000]);
    expect(2 ** 30 / 8).toBeGreaterThan(value);
    expect(2 ** 30 / 8).toBeLessThan(value + error);
  });
  // Written after iproute2 6.2's q_htb.c: no such version here.
  it('reads the JSON of iproute2 6.2 and later', () => {
    const text =
      '[{"class":"htb","handle":"1:10","parent":"1:1","leaf":"10:","prio":2,"quantum":75000,"rate":750000,"ceil":1250000,"burst":1599,"cburst":1600,"level":0},' +
      '{"class":"htb","handle":"1:1","root":true,"rate":1250000,"ceil":1250000,"burst":1600,"cburst":1600}]';
    expect(parseHtbClasses(output(text))).toMatchObject([
      { classid: '1:10', parent: '1:1', rate: { value: 750_000, error: 0 }, quantum: 75_000 },
      { classid: '1:1', parent: undefined, prio: 0, quantum: undefined },
    ]);
    expect(parseHtbClasses(output('[]'))).toEqual([]);
    expect(parseHtbClasses(output(''))).toEqual([]);
  });
  it('reads all matches of a filter, of which the JSON loses all but the last', () => {
    expect(parseFilters(recorded('tc-filter.txt'))).toEqual([
      {
        kind: 'u32',
        protocol: 'ip',
        pref: 1,
        handle: '800::800',
        flowid: '1:10',
        matches: [
          { value: '0a010203', mask: 'ffffffff', offset: 16 },
          { value: '00000050', mask: '0000ffff', offset: 20 },
        ],
      },
    ]);
    const json = JSON.parse(recorded('tc-filter.json').stdout) as readonly { options?: { match?: unknown } }[];
    expect(json.at(-1)?.options?.match).toMatchObject({ value: '50' });
  });
});
