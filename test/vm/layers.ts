import { chmod, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { proxySettings } from '../lab/base.ts';
import { cacheDir, fingerprint } from '../lab/paths.ts';
import { CommandError, must } from '../lab/process.ts';

/** A short name for a layer made by these files of this folder over another: it changes with what it is laid over, too. */
export const layerPrint = (under: string, files: readonly string[]): string =>
  fingerprint(
    files.map((file) => join('../vm', file)),
    basename(under),
  );

/**
 * Runs a script of this folder that makes the last of `folders`, with apt's sources and settings, in a mount namespace of its own, so
 * that no mount is left however it ends.
 */
export async function runLayerScript(
  script: string,
  folders: readonly string[],
  sources: string,
  more: readonly string[],
): Promise<void> {
  const out = folders.at(-1) ?? '';
  await rm(`${out}.unfinished`, { recursive: true, force: true });
  const lists = join(cacheDir(), 'vm-sources');
  const conf = join(cacheDir(), 'vm-apt.conf');
  await writeFile(lists, sources);
  await writeFile(conf, `${(await proxySettings()).join('\n')}\n`);
  // A proxy may hold a password.
  await chmod(conf, 0o600);
  const argv = ['unshare', '--mount', '--propagation', 'private', 'sh', join(import.meta.dirname, script)];
  try {
    await must([...argv, ...folders, lists, conf, ...more], { timeout: 1800 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { stdout, stderr } = error.result;
    throw new Error(`${script} failed:\n${`${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n')}`, {
      cause: error,
    });
  } finally {
    await rm(lists, { force: true });
    await rm(conf, { force: true });
    await rm(`${out}.unfinished`, { recursive: true, force: true });
  }
}
