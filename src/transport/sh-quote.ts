import { KvmnetError } from '../util/errors.ts';

/** One word for a POSIX sh, whatever it holds. A NUL cannot be passed to a shell at all. */
export function quote(text: string): string {
  if (text.includes('\0')) throw new KvmnetError('params', 'a NUL byte cannot be part of a shell command');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
