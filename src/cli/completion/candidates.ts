import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Option } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { commands } from '../commands.ts';
import { choicesOf } from '../parameters/json-schema.ts';
import { describeParameters } from '../parameters/describe-parameters.ts';
import { registryFor } from '../modules.ts';
import { patternCandidates } from './patterns.ts';

/** Something that could stand where the cursor is. */
export interface Candidate {
  /** `:files` stands for file names. */
  readonly word: string;
  readonly about?: string | undefined;
}

const files: readonly Candidate[] = [{ word: ':files' }];

/** @param words - what stands after `kvmnet`, the unfinished word last */
export async function candidates(cli: Cli, words: readonly string[]): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? '';
  const all = words.length < 2 ? await commandCandidates(cli) : await argumentCandidates(cli, words);
  return all.filter(({ word }) => word.startsWith(':') || word.startsWith(current));
}

async function commandCandidates(cli: Cli): Promise<readonly Candidate[]> {
  const own = commands
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, summary }) => ({ word: name, about: summary }));
  return [...own, ...(await moduleCandidates(cli)), { word: '--help' }, { word: '--version' }];
}

async function moduleCandidates(cli: Cli): Promise<readonly Candidate[]> {
  const registry = registryFor([cli.cwd]);
  return Promise.all(
    registry.names().map(async (word) => ({ word, about: (await registry.get(word).catch(() => undefined))?.summary })),
  );
}

async function argumentCandidates(cli: Cli, words: readonly string[]): Promise<readonly Candidate[]> {
  const [name = '', ...rest] = words;
  const [before, current = ''] = [rest.at(-2), rest.at(-1)];
  const options = await optionsOf(cli, name, rest);
  const [flag, inline] = current.startsWith('--') && current.includes('=') ? split(current) : [before, undefined];
  const open = options.find((option) => (option.long === flag || option.short === flag) && option.required);
  if (open !== undefined && flag !== undefined) {
    const values = await valueCandidates(cli, name, open, words);
    return inline === undefined ? values : values.map((value) => withPrefix(`${flag}=`, value));
  }
  if (current.startsWith('-')) {
    return options.flatMap(({ long, description }) =>
      long === undefined || long === null ? [] : [{ word: long, about: description }],
    );
  }
  return positionalCandidates(cli, name, words);
}

function split(word: string): [string, string] {
  const equals = word.indexOf('=');
  return [word.slice(0, equals), word.slice(equals + 1)];
}

const withPrefix = (prefix: string, { word, about }: Candidate): Candidate =>
  word.startsWith(':') ? { word } : { word: prefix + word, about };

async function optionsOf(cli: Cli, name: string, args: readonly string[]): Promise<readonly Option[]> {
  const { adHocCommand } = await import('../commands/ad-hoc.ts');
  const command = await (commands.find((one) => one.name === name)?.load() ?? adHocCommand(cli, name));
  return (await command?.build?.(cli, args))?.options ?? [];
}

const words: Readonly<Record<string, readonly string[]>> = {
  '--report': ['tty', 'lines', 'jsonl', 'junit:'],
  '--reboot': ['auto', 'ask', 'never'],
  '--become-method': ['sudo', 'su', 'doas'],
};

async function valueCandidates(
  cli: Cli,
  name: string,
  { long = '' }: Option,
  typed: readonly string[],
): Promise<readonly Candidate[]> {
  const fixed = words[long ?? ''];
  if (fixed !== undefined) return fixed.map((word) => ({ word }));
  if (long === '--inventory') return [...inventoryCandidates(cli), ...files];
  if (long === '--limit' || long === '--host' || long === '--hosts') return patternCandidates(cli, typed);
  const module = await registryFor([cli.cwd]).get(name);
  const parameter =
    module && describeParameters(module.params).find((one) => `--${one.name.replaceAll('_', '-')}` === long);
  const choices = parameter === undefined ? [] : choicesOf(parameter.schema);
  return choices.length > 0 ? choices.map((word) => ({ word })) : files;
}

function inventoryCandidates(cli: Cli): readonly Candidate[] {
  const folder = join(cli.cwd, 'inventories');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.') && !/^(?:group|host)_vars$/.test(name));
  return names.map((name) => ({ word: name.replace(/\.(?:ya?ml|ini|json)$/, '') }));
}

/** The last runs, the newest first. */
async function runCandidates(cli: Cli): Promise<readonly Candidate[]> {
  const [{ allRuns }, { commandOf }] = await Promise.all([
    import('../journal/find-runs.ts'),
    import('../journal/history-lines.ts'),
  ]);
  const last = allRuns(cli, undefined).slice(-20).toReversed();
  return [{ word: 'last' }, ...last.map((run) => ({ word: run.id, about: commandOf(run) }))];
}

async function positionalCandidates(cli: Cli, name: string, typed: readonly string[]): Promise<readonly Candidate[]> {
  if (name === 'doc') return moduleCandidates(cli);
  if (name === 'schema') return [{ word: 'playbook' }, { word: 'inventory' }, ...(await moduleCandidates(cli))];
  if (name === 'undo' || (name === 'history' && typed.length === 2)) return runCandidates(cli);
  if (name === 'completion') return ['bash', 'zsh', 'fish'].map((word) => ({ word }));
  if (name === 'vault' && typed.length === 2) {
    const { vaultActions } = await import('../vault/actions.ts');
    return vaultActions.map((action) => ({ word: action.name, about: action.summary }));
  }
  const isCommand = commands.some((one) => one.name === name);
  return name === 'facts' || !isCommand ? patternCandidates(cli, typed) : files;
}
