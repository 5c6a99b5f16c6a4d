import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureInstalled } from './install.ts';
import { withLock } from './lock.ts';
import { cacheDir, fingerprint, here, makeRoot } from './paths.ts';
import { must } from './process.ts';

/**
 * The Debian root below every lab host, made at first use (about a minute, half a gigabyte) and kept under the lab
 * folder. A change of its packages or of its set-up makes a new one.
 * @returns its folder. Nobody may write there: hosts lay their own files over it.
 */
export async function ensureBase(log: (line: string) => void = () => {}): Promise<string> {
  const base = join(cacheDir(), `base-${fingerprint(['base-packages.txt', 'sh/base-setup.sh'])}`);
  if (existsSync(base)) {
    await utimes(base, new Date(), new Date());
    return base;
  }
  makeRoot();
  return await withLock(join(cacheDir(), 'base.lock'), async () => {
    if (existsSync(base)) return base;
    await ensureInstalled(log);
    await build(base, log);
    await dropUnused();
    return base;
  });
}

async function build(base: string, log: (line: string) => void): Promise<void> {
  const unfinished = `${base}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const suite = await debianSuite();
  log(`making the root of the lab hosts (Debian ${suite}, once, about a minute): ${base}`);
  const sources = join(cacheDir(), 'sources.list');
  await writeFile(sources, await debianSources());
  await must(
    [
      'mmdebstrap',
      '--mode=root',
      '--variant=minbase',
      `--include=${(await packageList(join(here, 'base-packages.txt'))).join(',')}`,
      '--aptopt=Apt::Install-Recommends "false"',
      '--aptopt=Acquire::Retries "3"',
      ...(await proxySettings()).map((line) => `--aptopt=${line}`),
      ...['man', 'doc', 'locale', 'info'].map((d) => `--dpkgopt=path-exclude=/usr/share/${d}/*`),
      `--customize-hook=sh '${join(here, 'sh/base-setup.sh')}' "$1"`,
      suite,
      unfinished,
      sources,
    ],
    { timeout: 1800 },
  );
  // The host's own apt has one source, on its own disk: labs have no way out.
  await rm(join(unfinished, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
  await rm(join(unfinished, 'etc/apt/sources.list.d'), { recursive: true, force: true });
  await mkdir(join(unfinished, 'etc/apt/sources.list.d'));
  await writeFile(join(unfinished, 'etc/apt/sources.list'), 'deb [trusted=yes] file:/opt/lab-packages ./\n');
  await rm(sources);
  await rename(unfinished, base);
}

/** Roots and disks of other versions of this lab, when nobody has used them for a week. */
export async function dropUnused(): Promise<void> {
  const weekAgo = Date.now() - 7 * 24 * 3600 * 1000;
  for (const name of await readdir(cacheDir())) {
    const path = join(cacheDir(), name);
    if (
      /^(base|vm-tools|vm-image|vm-vagrant)-[0-9a-f]+(\.unfinished\S*)?$/.test(name) &&
      (await stat(path)).mtimeMs < weekAgo
    )
      await rm(path, { recursive: true });
  }
}

/** One a line; `#` begins a comment. */
export const packageList = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** The release of this machine, `bookworm`. */
export async function debianSuite(): Promise<string> {
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (suite === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME');
  return suite;
}

/** Debian's own package sources as this machine's apt has them, whatever form they are written in. */
export async function debianSources(): Promise<string> {
  const ask = async (): Promise<string[]> =>
    (await must(['apt-get', 'indextargets', '--format', '$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)']))
      .split('\n')
      .filter((line) => line.startsWith('Debian|'))
      .map((line) => line.slice('Debian|'.length));
  let lines = await ask();
  if (lines.length === 0) {
    await must(['apt-get', 'update'], { timeout: 600 });
    lines = await ask();
  }
  if (lines.length === 0) throw new Error('apt knows no package source of Debian');
  return `${[...new Set(lines)].join('\n')}\n`;
}

/** Lines for apt.conf: how this machine's apt gets out. */
export async function proxySettings(): Promise<string[]> {
  const settings = await must(['apt-config', 'dump']);
  return settings
    .split('\n')
    .filter((line) => /^Acquire::https?::(?:.*::)?Proxy\b/i.test(line) && !line.endsWith('"";'));
}
