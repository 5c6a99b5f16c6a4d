/**
 * Quotes one word for POSIX sh: the only place where a value becomes shell text.
 * @throws RangeError for NUL, which no argument of a program can hold
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a NUL character cannot be part of an argument');
  if (/^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export const quoteAll = (words: readonly string[]): string => words.map(quote).join(' ');

/** A word for `printf %b` that gives exactly these bytes, NUL included. */
export function quoteBytes(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) {
    const plain = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
    out +=
      plain || byte === 0x20 || byte === 0x2e ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`;
  }
  return `'${out}'`;
}
