import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  compileValue,
  nodeOf,
  openText,
  parseYaml,
  plainVars,
  unlockScalars,
  type Vault,
  type YamlNode,
} from '../lang/index.ts';
import { splitWords } from '../sdk/index.ts';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { fileProblem } from '../util/file-problem.ts';
import type { Json } from '../util/json.ts';
import type { SourceLocation } from '../util/source.ts';
import type { Cli } from './cli.ts';
import type { Settings } from './settings/definitions.ts';

type Source = NonNullable<Settings['extra_vars']>[number];

export interface ExtraVars {
  readonly values: Readonly<Record<string, unknown>>;
  /** What holds a template, an expression or a vault text: it is rendered per host. */
  readonly templates: ReadonlyMap<string, YamlNode>;
}

/**
 * The variables of `-e`: `key=value key2='two words'`, JSON or YAML in braces, `@file`, and the map of the project file.
 * Later ones win.
 *
 * @throws KvmnetError, DiagnosticsError: what is wrong with the text or the file
 */
export async function readExtraVars(cli: Cli, sources: Settings['extra_vars'], vault: Vault): Promise<ExtraVars> {
  const all = await Promise.all((sources ?? []).map((source) => variablesOf(cli, source, vault)));
  const nodes = new Map(all.flatMap((variables) => [...variables]));
  for (const node of nodes.values()) await unlockScalars(node, vault);
  const [values, templates] = [new Map<string, unknown>(), new Map<string, YamlNode>()];
  for (const [name, node] of nodes) {
    const compiled = compileValue(node, { vault });
    if (compiled.constant) values.set(name, compiled.bind(plainVars({})));
    else templates.set(name, node);
  }
  return { values: Object.fromEntries(values), templates };
}

type Variables = ReadonlyMap<string, YamlNode>;

async function variablesOf(cli: Cli, source: Source, vault: Vault): Promise<Variables> {
  const at: SourceLocation = { file: '<command line>', line: 1, column: 1 };
  if (typeof source !== 'string') return mapOf(nodeOf(source, at), 'extra_vars');
  const text = source.trim();
  if (text.startsWith('@')) return fileVariables(cli, text.slice(1), vault);
  if (text.startsWith('{') && !text.startsWith('{{')) return parsed(text, `-e ${text.slice(0, 20)}`);
  return wordVariables(text, at);
}

async function fileVariables(cli: Cli, file: string, vault: Vault): Promise<Variables> {
  const content = await readFile(resolve(cli.cwd, file), 'utf8').catch((cause: unknown) => {
    throw new KvmnetError('usage', `cannot read the variables file ${file}: ${fileProblem(cause)}`, { cause });
  });
  return parsed(await openText(content, file, vault), file);
}

function parsed(text: string, name: string): Variables {
  const { root, diagnostics } = parseYaml(text, name);
  if (diagnostics.length > 0) throw new DiagnosticsError(diagnostics);
  return root === undefined ? new Map() : mapOf(root, name);
}

function mapOf(root: YamlNode, name: string): Variables {
  if (root.kind === 'mapping') return new Map(Array.from(root.entries, ([key, { value }]) => [key, value]));
  throw new KvmnetError('usage', `${name}: expected a map of variables`, { at: root.at, hint: 'e.g. mtu: 9000' });
}

/** As in Ansible these values are texts. */
function wordVariables(text: string, at: SourceLocation): Variables {
  const words = splitAroundTemplates(text);
  if (words.length === 0) throw new KvmnetError('usage', 'the extra variables are empty', { hint: 'e.g. -e mtu=9000' });
  return new Map(
    words.map((word) => {
      const equals = word.indexOf('=');
      const name = word.slice(0, Math.max(equals, 0));
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new KvmnetError('usage', `"${word}" sets no variable`, { hint: 'write name=value, JSON, or @FILE' });
      }
      return [name, nodeOf(word.slice(equals + 1) satisfies Json, at)];
    }),
  );
}

/** The blanks in `{{ a }}` part no words. */
function splitAroundTemplates(text: string): readonly string[] {
  const templates = text.match(/\{\{.*?\}\}/gs) ?? [];
  const masked = templates.reduce(
    (masked, template, index) => masked.replace(template, `\u{e000}${index}\u{e001}`),
    text,
  );
  return splitWords(masked).map((word) =>
    word.replaceAll(/\u{e000}(\d+)\u{e001}/gu, (_, index: string) => templates[Number(index)] ?? ''),
  );
}
