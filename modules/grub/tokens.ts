/** A kernel argument: `quiet`, `console=ttyS0,115200`, `dyndbg="file x +p"` without its quotes. */
export interface Token {
  /** As it is compared: the kernel takes `-` and `_` for the same. */
  readonly key: string;
  /** Undefined: a flag. */
  readonly value: string | undefined;
  /** The name as it was written. */
  readonly name: string;
}

/** Splits a command line as the kernel does: white space counts outside of double quotes. */
export function splitCmdline(line: string): readonly Token[] {
  const words = line.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  return words.map((word) => readToken(word.replaceAll('"', '')));
}

export function readToken(word: string): Token {
  const at = word.indexOf('=');
  const name = at === -1 ? word : word.slice(0, at);
  return { key: name.replaceAll('-', '_'), value: at === -1 ? undefined : word.slice(at + 1), name };
}

/** One argument in canonical form, for comparison and display. */
export const tokenText = ({ key, value }: Token): string => (value === undefined ? key : `${key}=${value}`);

/** One argument as it is written into a command line. */
export function writeToken({ name, value }: Token): string {
  if (value === undefined) return name;
  return /\s/.test(value) ? `${name}="${value}"` : `${name}=${value}`;
}

/**
 * Arguments that belong together: the order of `hugepagesz` and `hugepages` carries meaning, so they change as one.
 */
export const groupOf = (key: string): string => (key === 'hugepagesz' ? 'hugepages' : key);

/** Arguments of some groups in canonical order: groups by name, in a group as they stand. */
export function pick(tokens: readonly Token[], groups: ReadonlySet<string>): readonly Token[] {
  const chosen = tokens.filter(({ key }) => groups.has(groupOf(key)));
  return chosen.toSorted((a, b) => compare(groupOf(a.key), groupOf(b.key)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Arguments that the boot itself hangs on: never touched. */
const sacred = new Set([
  'root',
  'ro',
  'rw',
  'rootflags',
  'rootfstype',
  'init',
  'initrd',
  'BOOT_IMAGE',
  'resume',
  'ostree',
]);
export const isSacred = (key: string): boolean =>
  sacred.has(key) || key.startsWith('rd.') || key.startsWith('$') || key === 'crashkernel';
