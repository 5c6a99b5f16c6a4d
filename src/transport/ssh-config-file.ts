import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { parse, type Line } from 'ssh-config';
import { KvmnetError } from '../util/errors.ts';
import { matchesPattern } from './pattern.ts';

/** One line of ssh configuration that says something. */
export interface ConfigLine {
  /** Lower case. */
  readonly keyword: string;
  readonly words: readonly string[];
  /** The arguments as they stand: for commands, which run to the end of the line. */
  readonly text: string;
  /** What a `Host` or `Match` line holds; for `Include`, the included files, one after the other. */
  readonly inner?: readonly ConfigLine[] | undefined;
}

// As OpenSSH: a file that includes itself has to end somewhere.
const MAX_DEPTH = 16;

/**
 * Reads a file with all that it includes; an absent file is empty.
 * @param base folder of relative `Include` paths: `~/.ssh` for the user's files, `/etc/ssh` for those of the system.
 */
export async function readConfig(file: string, base: string, home: string, depth = 0): Promise<readonly ConfigLine[]> {
  if (depth > MAX_DEPTH) throw new KvmnetError('usage', `${file}: too many levels of Include`);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw new KvmnetError('usage', `cannot read ${file}: ${cause.message}`, { cause });
  });
  if (text === undefined) return [];
  await checkOwner(file);
  let parsed: readonly Line[];
  try {
    parsed = parse(text);
  } catch (cause) {
    throw new KvmnetError('usage', `${file} is not valid ssh configuration: ${String(cause)}`, { cause });
  }
  return convert(parsed, base, home, depth);
}

/** As OpenSSH: it names programs to run (ProxyCommand, Match exec), so nobody else may write it. */
async function checkOwner(file: string): Promise<void> {
  const { mode, uid } = await stat(file);
  const own = uid === 0 || uid === process.getuid?.();
  if (own && (mode & 0o022) === 0) return;
  throw new KvmnetError(
    'usage',
    `${file} is not used: ${own ? 'others may write it' : 'it belongs to somebody else'}`,
    {
      hint: own ? `chmod go-w ${file}` : 'it names programs that would be run: make it your own, after a look into it',
    },
  );
}

async function convert(
  lines: readonly Line[],
  base: string,
  home: string,
  depth: number,
): Promise<readonly ConfigLine[]> {
  const result: ConfigLine[] = [];
  for (const line of lines) {
    if (!('param' in line)) continue;
    const keyword = line.param.toLowerCase();
    const words = typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val);
    const text =
      typeof line.value === 'string'
        ? line.value
        : line.value.map(({ val, quoted }) => (quoted === true ? `"${val}"` : val)).join(' ');
    const inner =
      keyword === 'include'
        ? await includes(words, base, home, depth)
        : 'config' in line
          ? await convert(line.config, base, home, depth)
          : undefined;
    result.push({ keyword, words, text, ...(inner === undefined ? {} : { inner }) });
  }
  return result;
}

async function includes(
  patterns: readonly string[],
  base: string,
  home: string,
  depth: number,
): Promise<readonly ConfigLine[]> {
  const all: ConfigLine[] = [];
  for (const pattern of patterns) {
    const path = pattern.replace(/^~(?=\/|$)/, home);
    for (const file of await expandGlob(isAbsolute(path) ? path : join(base, path))) {
      all.push(...(await readConfig(file, base, home, depth + 1)));
    }
  }
  return all;
}

/** Wildcards in the last part of a path, where people have them. Sorted as glob(3) does. */
async function expandGlob(path: string): Promise<readonly string[]> {
  const folder = dirname(path);
  const name = basename(path);
  if (!/[*?]/.test(path)) return [path];
  const folders = /[*?]/.test(folder) ? await expandGlob(folder) : [folder];
  const found = await Promise.all(
    folders.map(async (each) => {
      const names = await readdir(each).catch(() => []);
      const hidden = name.startsWith('.');
      return names.filter((n) => n.startsWith('.') === hidden && matchesPattern(name, n)).map((n) => join(each, n));
    }),
  );
  return found.flat().toSorted();
}
