import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toValue } from '../lang/index.ts';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { formatLocation } from '../util/source.ts';
import { loadInventory, type LoadOptions } from './load.ts';
import type { Host, Inventory } from './model.ts';

/** Files of a test; those that begin with `#!` become executable. */
export type Files = Readonly<Record<string, string>>;

/** Runs a test in a folder of its own, which is removed afterwards. */
export async function inFolder<T>(files: Files, test: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = await mkdtemp(join(tmpdir(), 'kvmnet-inventory-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(cwd, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      if (text.startsWith('#!')) await chmod(path, 0o755);
    }
    return await test(cwd);
  } finally {
    await rm(cwd, { recursive: true });
  }
}

export const loadFiles = (
  files: Files,
  sources: readonly string[] = Object.keys(files).slice(0, 1),
  options: Omit<LoadOptions, 'cwd'> = {},
): Promise<Inventory> => inFolder(files, (cwd) => loadInventory(sources, { ...options, cwd }));

/** What went wrong, a line each: `place: message; hint`. Fails where nothing did. */
export async function problemsOf(action: () => unknown): Promise<readonly string[]> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return (error instanceof DiagnosticsError ? error.diagnostics : [error]).map(describeError);
  }
  throw new Error('nothing went wrong');
}

const describeError = ({ message, hint, at }: KvmnetError): string =>
  `${at === undefined ? '' : `${formatLocation(at)}: `}${message}${hint === undefined ? '' : `; ${hint}`}`;

/** The variables of a host, the strongest of each name, as written. */
export const varsOf = (host: Host | undefined): Record<string, unknown> =>
  Object.fromEntries(
    (host?.layers ?? []).flatMap(({ values }) => Array.from(values, ([name, node]) => [name, toValue(node)])),
  );
