import { access, constants } from 'node:fs/promises';
import { extname, join, parse } from 'node:path';
import { openText, type Vault } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import { addGroup, report, UNGROUPED, type Draft } from './draft.ts';
import { readExecutableSource } from './executable-source.ts';
import { displayPath, kindOf, namesIn, readText } from './files.ts';
import { addHostEntry } from './host-entry.ts';
import { readIniSource } from './ini-source.ts';
import type { Source } from './resolve.ts';
import type { RunOptions } from './run.ts';
import { readYamlSource } from './yaml-source.ts';

interface ReadOptions extends RunOptions {
  readonly vault: Vault;
}

/** Reads one source into the draft. What is wrong with it is reported there; the other sources are still read. */
export async function readSource(draft: Draft, source: Source, options: ReadOptions): Promise<void> {
  try {
    if (source.kind === 'list') readList(draft, source.hosts);
    else if (source.kind === 'vagrant') {
      // Loaded only here: few need the parser of ssh configurations.
      const { readVagrantSource } = await import('./vagrant-source.ts');
      await readVagrantSource(draft, options);
    } else if (source.kind === 'folder') await readFolder(draft, source.path, options);
    else await readFile(draft, source.path, options);
  } catch (error) {
    if (!(error instanceof KvmnetError) || error.code === 'interrupted') throw error;
    draft.problems.push(error);
  }
}

function readList(draft: Draft, hosts: readonly string[]): void {
  const text = hosts.join(',');
  const at = { file: '<command line>', line: 1, column: 1, text };
  for (const host of hosts) addHostEntry(draft, addGroup(draft, UNGROUPED, at), host, { at, path: undefined }, []);
}

/** Folders that belong to other things, and files that editors, packages and people leave behind. */
const NOT_A_SOURCE =
  /^\.|^(?:group_vars|host_vars|vars_plugins)$|(?:~|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry))$/;

async function readFolder(draft: Draft, path: string, options: ReadOptions): Promise<void> {
  const names = (await namesIn(path)).filter((name) => !NOT_A_SOURCE.test(name));
  for (const name of names) {
    const inside = join(path, name);
    const kind = await kindOf(inside);
    // Beside a program `ec2.py`, `ec2.ini` is its configuration. (Ansible never reads an INI inventory in a folder.)
    const isConfiguration =
      extname(name) === '.ini' && names.some((other) => other !== name && parse(other).name === parse(name).name);
    if (kind !== undefined && !isConfiguration) await readSource(draft, { kind, path: inside }, options);
  }
}

async function readFile(draft: Draft, path: string, options: ReadOptions): Promise<void> {
  const name = displayPath(options.cwd, path);
  const text = await openText(await readText(path, name), name, options.vault);
  const extension = extname(path).toLowerCase();
  const isExecutable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (text.startsWith('#!') || (isExecutable && text.startsWith('\x7fELF'))) {
    if (isExecutable) {
      await readExecutableSource(draft, { path, name }, options);
      return;
    }
    const at = { file: name, line: 1, column: 1, text: text.slice(0, text.search(/\n|$/)) };
    report(draft, at, `${name} begins with "#!" but is not executable`, `chmod +x ${name}`);
    return;
  }
  if (extension === '.toml') {
    report(draft, undefined, `${name}: TOML inventories are not supported`, 'write it as YAML or INI');
    return;
  }
  const file = { text, name, path };
  if (['.yml', '.yaml', '.json'].includes(extension) || (extension !== '.ini' && looksLikeYaml(text)))
    await readYamlSource(draft, file, options.vault);
  else readIniSource(draft, file);
}

/** Tells the two apart by the first line that says something, so that mistakes are explained by the right reader. */
function looksLikeYaml(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !/^\s*[#;]/.test(line)) ?? '';
  return /^(?:---|%YAML|\{)/.test(first) || /^["']?[^\s"'=]+["']?\s*:(?:\s|$)/.test(first);
}
