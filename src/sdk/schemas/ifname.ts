import type { z } from 'zod';
import { text } from './canonical.ts';

/** Why a name cannot be that of a network interface, or undefined where it can. The limit is the kernel's IFNAMSIZ. */
export function ifnameProblem(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) return 'an interface name cannot be empty';
  if (bytes > 15) return `"${name}" has ${bytes} bytes, an interface name has at most 15: shorten it`;
  if (name === '.' || name === '..') return `"${name}" cannot be an interface name`;
  const odd = /[/:\s\0-\x1f\x7f]/u.exec(name)?.[0];
  if (odd !== undefined) return `${JSON.stringify(name)} has ${spell(odd)} in it, which an interface name cannot have`;
  return undefined;
}

const spell = (char: string): string => {
  if (char === '/' || char === ':') return `a "${char}"`;
  return /\s/u.test(char) ? 'white space' : 'a control character';
};

/** Name of a network interface: 1 to 15 bytes, no `/`, `:` or white space, not `.` or `..`. */
export const ifname = (): z.ZodString =>
  text('an interface name').superRefine((name, context) => {
    const problem = ifnameProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
