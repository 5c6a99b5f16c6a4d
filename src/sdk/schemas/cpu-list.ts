import { z } from 'zod';
import { canonical } from './canonical.ts';

/** More than any kernel is built for (NR_CPUS). */
const maxCpus = 8192;

/** CPU numbers, sorted, from a list (`1-3,5`, `0-15:2/4`) or a mask (`0x6`, `ffffffff,00000001`). @throws RangeError */
export function parseCpus(text: string): readonly number[] {
  const value = text.trim().toLowerCase();
  const isMask =
    value.startsWith('0x') || /^[0-9a-f,]*[a-f][0-9a-f,]*$/.test(value) || /^[0-9a-f]{1,8}(,[0-9a-f]{8})+$/.test(value);
  return isMask ? parseCpuMask(value) : parseList(value);
}

/** CPU numbers of a mask as the kernel prints it, with or without `0x`. @throws RangeError */
export function parseCpuMask(text: string): readonly number[] {
  const value = text.trim().toLowerCase().replace(/^0x/, '');
  if (!/^[0-9a-f]+(,[0-9a-f]{8})*$/.test(value)) throw new RangeError(`"${text}" is no CPU mask`);
  const digits = value.replaceAll(',', '').split('').toReversed();
  const cpus = digits.flatMap((digit, i) =>
    [0, 1, 2, 3].filter((bit) => ((Number.parseInt(digit, 16) >> bit) & 1) === 1).map((bit) => i * 4 + bit),
  );
  return checked(cpus, text);
}

/** `1-3,5`: sorted, ranges joined; empty text for no CPU. */
export function formatCpuList(cpus: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const cpu of [...new Set(cpus)].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** A mask as the kernel takes it: `6`, `1,00000000`. */
export function formatCpuMask(cpus: readonly number[]): string {
  const mask = cpus.reduce((bits, cpu) => bits | (1n << BigInt(cpu)), 0n).toString(16);
  const groups: string[] = [];
  for (let end = mask.length; end > 0; end -= 8) groups.unshift(mask.slice(Math.max(0, end - 8), end));
  return groups.join(',');
}

function parseList(text: string): readonly number[] {
  if (text === '') return [];
  const cpus = text.split(',').flatMap((item) => {
    const [, from, to, used, of] = /^\s*(\d+)(?:-(\d+)(?::(\d+)\/(\d+))?)?\s*$/.exec(item) ?? [];
    if (from === undefined) throw new RangeError(`"${text}" is no CPU list: write e.g. "1-3,5" or a mask "0x2e"`);
    const [first, last] = [Number(from), Number(to ?? from)];
    if (last < first || last >= maxCpus) throw new RangeError(`"${item}" is no range of CPUs`);
    const all = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    // The kernel's own: of each group of `of` CPUs the first `used`.
    return of === undefined ? all : all.filter((_, i) => i % Math.max(1, Number(of)) < Number(used));
  });
  return checked(cpus, text);
}

function checked(cpus: readonly number[], text: string): readonly number[] {
  if (cpus.some((cpu) => cpu >= maxCpus)) throw new RangeError(`"${text}" names a CPU above ${maxCpus - 1}`);
  return [...new Set(cpus)].toSorted((a, b) => a - b);
}

/**
 * A set of CPUs as a list (`1-3,5`), a mask (`0x2e`), one number, or an array of these; canonical: a sorted list with
 * ranges joined. At least one CPU. A number without `0x` is a CPU, not a mask.
 */
export const cpuList = () =>
  canonical(
    z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))], {
      error: 'CPUs are a list ("1-3,5"), a mask ("0x2e") or an array of numbers',
    }),
    (value) => {
      const cpus = [value].flat().flatMap((item) => parseCpus(String(item)));
      if (cpus.length === 0) throw new RangeError('the set of CPUs is empty: name at least one');
      return formatCpuList(checked(cpus, String(value)));
    },
  );

/** A set of CPUs as a mask, with or without `0x` (`0x6`, `06`); canonical: a sorted list with ranges joined. */
export const cpuMask = () =>
  canonical(z.union([z.string(), z.number()], { error: 'a CPU mask is text like "0x6"' }), (value) => {
    // YAML reads 0x6 as a number.
    const text = typeof value === 'number' ? value.toString(16) : value;
    const cpus = parseCpuMask(text);
    if (cpus.length === 0) throw new RangeError('the CPU mask is empty: name at least one CPU');
    return formatCpuList(cpus);
  });
