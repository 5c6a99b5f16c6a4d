import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { parseYaml, toValue, type MappingNode, type YamlNode } from '../../lang/index.ts';
import { DiagnosticsError, KvmnetError } from '../../util/errors.ts';
import { writableByAll } from '../../util/file-mode.ts';
import { didYouMean } from '../../util/suggest.ts';
import { definitions, type SettingName } from './definitions.ts';

const fileName = 'kvmnet.yml';

/** Defaults of a project for the flags of commands. */
export interface ProjectFile {
  /** Absolute path of the folder it is in: what its relative paths are relative to. */
  readonly folder: string;
  readonly values: Readonly<Partial<Record<SettingName, unknown>>>;
}

/** The nearest `kvmnet.yml`, from a folder upwards. @throws DiagnosticsError with every mistake in it */
export function readProjectFile(
  from: string,
  cwd: string,
  warn: (text: string) => void = () => {},
): ProjectFile | undefined {
  const path = findProjectFile(from, warn);
  if (path === undefined) return undefined;
  const shown = shortest(path, cwd);
  const { root, diagnostics } = parseYaml(readFileSync(path, 'utf8'), shown);
  if (diagnostics.length > 0) throw new DiagnosticsError(diagnostics);
  const folder = dirname(path);
  if (root === undefined) return { folder, values: {} };
  if (root.kind !== 'mapping') {
    throw new KvmnetError('usage', 'a project file is a map of settings', {
      at: root.at,
      hint: 'e.g. inventory: prod',
    });
  }
  const problems: KvmnetError[] = [];
  const values = readValues(root, problems);
  if (problems.length > 0) throw new DiagnosticsError(problems);
  return { folder, values: rebase(values, folder, cwd) };
}

/**
 * The nearest project file from a folder upwards. One that anybody could have put there (`/tmp/kvmnet.yml`) does not count: it
 * says which hosts are configured, and names programs that are run.
 */
export function findProjectFile(from: string, warn: (text: string) => void = () => {}): string | undefined {
  const folder = resolve(from);
  const path = join(folder, fileName);
  if (existsSync(path)) {
    const open = [folder, path].find(writableByAll);
    if (open === undefined) return path;
    warn(`${path} is not used, because everybody may write ${open}`);
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : findProjectFile(parent, warn);
}

function readValues(root: MappingNode, problems: KvmnetError[]): Partial<Record<SettingName, unknown>> {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [key, { key: keyNode, value }] of root.entries) {
    const problem = isSetting(key) ? valueProblem(key, value) : unknownKey(key);
    if (problem !== undefined) {
      const at = problem.about === 'key' ? keyNode.at : value.at;
      problems.push(new KvmnetError('usage', problem.message, { at, hint: problem.hint }));
    } else if (isSetting(key)) values[key] = toValue(value);
  }
  return values;
}

interface Problem {
  readonly about: 'key' | 'value';
  readonly message: string;
  readonly hint?: string | undefined;
}

const isSetting = (key: string): key is SettingName => Object.hasOwn(definitions, key);

const unknownKey = (key: string): Problem => ({
  about: 'key',
  message: `unknown setting "${key}"`,
  hint: didYouMean(key, Object.keys(definitions)),
});

function valueProblem(key: SettingName, node: YamlNode): Problem | undefined {
  const definition = definitions[key];
  if ('once' in definition) {
    const flag = definition.flags.split(' ').at(-2);
    return {
      about: 'key',
      message: `"${key}" belongs to one run, not to a project`,
      hint: `give ${flag} on the command line`,
    };
  }
  const parsed = definition.schema.safeParse(toValue(node));
  if (parsed.success) return undefined;
  return { about: 'value', message: `${key}: ${parsed.error.issues[0]?.message ?? 'not valid'}` };
}

/** Paths in the file mean something beside the file, wherever the command is called from. */
function rebase(values: ProjectFile['values'], folder: string, cwd: string): Partial<Record<SettingName, unknown>> {
  const move = (path: string): string =>
    isAbsolute(path) || !existsSync(join(folder, path)) ? path : shortest(join(folder, path), cwd);
  const inventory = (source: string): string => {
    const named = ['', '.yml', '.yaml', '.ini', '.json'].map((ending) => join('inventories', source + ending));
    const found = [source, ...named].find((path) => !source.includes(',') && existsSync(join(folder, path)));
    return found === undefined ? source : move(found);
  };
  const vaultId = (text: string): string => {
    const at = text.indexOf('@');
    return text.slice(0, at + 1) + move(text.slice(at + 1));
  };
  const all = (value: unknown, change: (text: string) => string): unknown =>
    typeof value === 'string'
      ? change(value)
      : Array.isArray(value)
        ? value.map((item) => change(String(item)))
        : value;
  return {
    ...values,
    ...(values.inventory === undefined ? {} : { inventory: all(values.inventory, inventory) }),
    ...(values.vault_password_file === undefined ? {} : { vault_password_file: all(values.vault_password_file, move) }),
    // A folder of its own, that need not be there yet.
    ...(values.runs_dir === undefined ? {} : { runs_dir: all(values.runs_dir, (path) => resolve(folder, path)) }),
    ...(values.vault_id === undefined ? {} : { vault_id: all(values.vault_id, vaultId) }),
  };
}

function shortest(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === '' || near.length > path.length ? path : near;
}
