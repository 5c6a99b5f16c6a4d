import { canonicalValue } from './params.ts';
import { keyName, keyPath } from './key.ts';

export const HEADER = '# managed by kvmnet\n';

/** One line of a file of sysctl.d(5). */
interface Assignment {
  readonly key: string;
  readonly value: string;
}

/** Reads a line; undefined for a comment, an exclusion (`-key`) and what is no assignment. */
export function parseLine(line: string): Assignment | undefined {
  const match = /^\s*-?\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
  const [, name, value] = match ?? [];
  if (name === undefined || value === undefined) return undefined;
  return { key: keyName(keyPath(name)), value: canonicalValue(value) };
}

/** What a file says of a key: the last line counts. */
export interface Kept {
  /** Null: nothing. */
  readonly file: string | null;
  /** Lines that say something of the key and do not count, because another one follows. */
  readonly duplicates: number;
}

export function keptIn(text: string | null, key: string): Kept {
  const values = (text ?? '').split('\n').flatMap((line) => {
    const found = parseLine(line);
    return found?.key === key ? [found.value] : [];
  });
  return { file: values.at(-1) ?? null, duplicates: Math.max(0, values.length - 1) };
}

/**
 * The text of a file in which these keys are kept so. Everything else stays as it is; a text that says so already comes
 * back unchanged. Null: no file, for there is nothing to say.
 */
export function render(text: string | null, settings: Readonly<Record<string, Kept>>): string | null {
  const result = Object.entries(settings).reduce<string | null>(
    (text, [key, kept]) => renderKey(text, key, kept),
    text,
  );
  // A file of our own that has become empty goes; one that was there before stays as it was.
  return result === HEADER && text !== HEADER ? null : result;
}

function renderKey(text: string | null, key: string, kept: Kept): string | null {
  const now = keptIn(text, key);
  if (now.file === kept.file && now.duplicates === kept.duplicates) return text;
  const lines = (text ?? HEADER).split('\n');
  const mine = lines.flatMap((line, i) => (parseLine(line)?.key === key ? [i] : []));
  const last = mine.at(-1);
  if (last === undefined) return appended(text ?? HEADER, `${key} = ${kept.file}`);
  const edited = lines.flatMap((line, i) => {
    if (i === last && kept.file !== null) return [now.file === kept.file ? line : withValue(line, key, kept.file)];
    return mine.includes(i) ? [] : [line];
  });
  return edited.join('\n');
}

const appended = (text: string, line: string): string =>
  `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;

/** A minus sign at the start ("may fail") is kept. */
const withValue = (line: string, key: string, value: string): string =>
  `${/^\s*-/.test(line) ? '-' : ''}${key} = ${value}`;
