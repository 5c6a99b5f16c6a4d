import { parseRate } from '../schemas/rate.ts';
import { parseSize } from '../schemas/size.ts';
import type { HtbClass, TcNumber } from './tc.ts';
import { unreadable } from './tool-output.ts';

/** Reads the text form of `tc -d class show`, classes of HTB only. */
export const parseTcClassText = (text: string): readonly HtbClass[] =>
  text.split('\n').flatMap((line) => (line.startsWith('class htb ') ? [readClass(line)] : []));

function readClass(line: string): HtbClass {
  const words = line.trim().split(/\s+/);
  const classid = words[2];
  const after = (key: string): string | undefined => {
    const at = words.indexOf(key, 3);
    return at === -1 ? undefined : words[at + 1];
  };
  const need = (key: string): string => {
    const value = after(key);
    if (value === undefined) throw unreadable('tc class show', `no ${key}`, line);
    return value;
  };
  if (classid === undefined) throw unreadable('tc class show', 'no class', line);
  const quantum = after('quantum');
  return {
    classid,
    parent: after('parent'),
    leaf: after('leaf'),
    rate: readRate(need('rate')),
    ceil: readRate(need('ceil')),
    burst: readSize(need('burst')),
    cburst: readSize(need('cburst')),
    prio: Number(after('prio') ?? 0),
    quantum: quantum === undefined ? undefined : Number(quantum),
  };
}

// tc cuts to a whole number of the largest unit that leaves at least 1000 of the next smaller: 1 Gibit prints as
// 1073Mbit, so the true value lies up to one printed unit above. Bits become bytes.
function readRate(word: string): TcNumber {
  const unit = /[a-z]+$/i.exec(word)?.[0] ?? '';
  return { value: parseRate(word) / 8, error: unitOf(unit, 'bit') / 8 };
}

// `1599b/1`: what follows the slash is the cell size. `15Kb` counts 1024 bytes.
function readSize(word: string): TcNumber {
  const [number = ''] = word.split('/');
  const unit = /[a-z]+$/i.exec(number)?.[0].toLowerCase() ?? 'b';
  return { value: parseSize(number), error: unit === 'b' ? 0 : parseSize(`1${unit}`) };
}

const unitOf = (unit: string, base: string): number => {
  const plain = unit.toLowerCase();
  return plain === base || plain === '' ? 1 : parseRate(`1${plain}`);
};
