import { z } from 'zod';

const octal = /^(?:0o)?0*([0-7]{1,4})$/;
const clause = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;

/**
 * A file mode: octal text (`"0644"`) or symbolic (`u=rw,go=r`, `a+x`). A number is refused: YAML reads `644` in decimal,
 * and Ansible's oldest trap is what becomes of it. Resolve it with {@link resolveMode}.
 * @param word - a word that is taken as well, such as `preserve`
 */
export const fileMode = (word?: string) =>
  z
    .string({ error: ({ input }) => refusal(input) })
    .refine((text) => text === word || octal.test(text) || text.split(',').every((part) => clause.test(part)), {
      error: ({ input }) => `"${String(input)}" is no file mode: write octal digits, "0644", or e.g. "u=rw,go=r"`,
    })
    .transform((text) => {
      const [, digits] = octal.exec(text) ?? [];
      return digits === undefined ? text : digits.padStart(4, '0');
    });

const refusal = (input: unknown): string =>
  typeof input === 'number'
    ? `a file mode is text, and YAML reads ${input} as a decimal number: quote it, mode: "0${input}"`
    : 'a file mode is text: write octal digits, "0644", or e.g. "u=rw,go=r"';

/**
 * The mode, four octal digits, that a mode of the user gives a file.
 * @param current - the file's mode now, or the default where there is no file yet
 */
export function resolveMode(mode: string, current: string, isFolder: boolean): string {
  if (octal.test(mode)) return mode;
  const bits = mode.split(',').reduce((bits, part) => applyClause(part, bits, isFolder), Number.parseInt(current, 8));
  return bits.toString(8).padStart(4, '0');
}

function applyClause(part: string, start: number, isFolder: boolean): number {
  const [, who = '', actions = ''] = clause.exec(part) ?? [];
  // Without a letter chmod(1) would ask the umask; here it means all, so that the result does not depend on a session.
  const classes = who === '' || who.includes('a') ? 'ugo' : who;
  return [...actions.matchAll(/([-+=])([^-+=]*)/g)].reduce((bits, [, operator = '', what = '']) => {
    const value = permission(what, bits, isFolder, classes);
    const mask = classes.split('').reduce((sum, name) => sum | (0o7 << shift(name)), 0);
    // As chmod(1) of GNU: `=` keeps the set-id bits of a folder.
    const special = specialOf(classes) & (isFolder ? 0o1000 : 0o7000);
    if (operator === '+') return bits | value;
    if (operator === '-') return bits & ~value;
    return (bits & ~(mask | special)) | value;
  }, start);
}

function permission(what: string, bits: number, isFolder: boolean, classes: string): number {
  const copied = /^[ugo]$/.test(what) ? (bits >> shift(what)) & 0o7 : undefined;
  const each = copied ?? what.split('').reduce((sum, letter) => sum | rwx(letter, bits, isFolder), 0);
  const common = classes.split('').reduce((sum, name) => sum | (each << shift(name)), 0);
  const setId = what.includes('s') ? specialOf(classes) & 0o6000 : 0;
  return common | setId | (what.includes('t') && /o/.test(classes) ? 0o1000 : 0);
}

function rwx(letter: string, bits: number, isFolder: boolean): number {
  if (letter === 'r') return 4;
  if (letter === 'w') return 2;
  if (letter === 'x') return 1;
  return letter === 'X' && (isFolder || (bits & 0o111) !== 0) ? 1 : 0;
}

const shift = (name: string): number => (name === 'u' ? 6 : name === 'g' ? 3 : 0);
const specialOf = (classes: string): number =>
  (classes.includes('u') ? 0o4000 : 0) | (classes.includes('g') ? 0o2000 : 0) | (classes.includes('o') ? 0o1000 : 0);
