import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { cpuList, cpuMask, formatCpuList, formatCpuMask, parseCpuMask, parseCpus } from './cpu-list.ts';

describe('cpuList', () => {
  it.each([
    ['1-3,5', '1-3,5'],
    ['5,3,1-2,3', '1-3,5'],
    ['0x6', '1-2'],
    ['0x06', '1-2'],
    ['6', '6'],
    [6, '6'],
    ['ffffffff,00000001', '0,32-63'],
    ['00000000,00000003', '0-1'],
    ['1,00000000', '32'],
    ['f0', '4-7'],
    [[0, '2-3', 0], '0,2-3'],
    ['0-7:2/4', '0-1,4-5'],
    [' 1 , 2 ', '1-2'],
  ])('reads %j', (input, output) => {
    expect(cpuList().parse(input)).toBe(output);
  });
  it.each([
    ['3-1', '"3-1" is no range of CPUs'],
    ['1;2', '"1;2" is no CPU list: write e.g. "1-3,5" or a mask "0x2e"'],
    ['', 'the set of CPUs is empty: name at least one'],
    ['0x0', 'the set of CPUs is empty: name at least one'],
    [[], 'the set of CPUs is empty: name at least one'],
    ['9999', '"9999" is no range of CPUs'],
    [-1, '"-1" is no CPU list: write e.g. "1-3,5" or a mask "0x2e"'],
    [true, 'CPUs are a list ("1-3,5"), a mask ("0x2e") or an array of numbers'],
  ])('refuses %j', (input, message) => {
    expect(messageOf(cpuList(), input)).toBe(message);
  });
  it('writes masks as the kernel does', () => {
    expect(formatCpuMask([1, 2])).toBe('6');
    expect(formatCpuMask([32])).toBe('1,00000000');
    expect(formatCpuMask([])).toBe('0');
    expect(parseCpuMask('3')).toEqual([0, 1]);
  });
  it('goes from set to list and mask and back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1 }), (cpus) => {
        const sorted = cpus.toSorted((a, b) => a - b);
        const list = formatCpuList(cpus);
        expect(parseCpus(list)).toEqual(sorted);
        expect(parseCpuMask(formatCpuMask(cpus))).toEqual(sorted);
        expect(cpuList().parse(list)).toBe(list);
        expect(cpuList().parse(`0x${formatCpuMask(cpus)}`)).toBe(list);
      }),
    );
  });
});

describe('cpuMask', () => {
  it.each([['0x6'], ['6'], ['06'], ['0X06'], [0x6]])('%j is two CPUs', (mask) => {
    expect(cpuMask().parse(mask)).toBe('1-2');
  });
  it.each([
    ['1-2', '"1-2" is no CPU mask'],
    ['0x0', 'the CPU mask is empty: name at least one CPU'],
    [[1], 'a CPU mask is text like "0x6"'],
  ])('refuses %j', (mask, message) => {
    expect(messageOf(cpuMask(), mask)).toBe(message);
  });
});
