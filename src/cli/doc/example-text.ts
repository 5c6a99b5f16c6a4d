import { dump } from 'js-yaml';
import { isObject } from '../../util/json.ts';
import type { AnyModule } from '../../sdk/index.ts';

interface ModuleExample {
  readonly title: string;
  readonly params: unknown;
  readonly needs?: string | undefined;
}

export const examplesOf = (module: AnyModule): readonly ModuleExample[] => module.examples as readonly ModuleExample[];

/** An example as a task of a playbook. */
export function exampleYaml(name: string, { title, params }: ModuleExample): string {
  return dump([{ name: title, [name]: params }], { lineWidth: 100, noRefs: true }).trimEnd();
}

const plainWord = /^[\w@%+=:,./-]+$/;
const quote = (word: string): string => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The same on the command line. */
export function exampleCommand(name: string, { params }: ModuleExample, shortForm?: string): string {
  const entries = Object.entries(isObject(params) ? params : {});
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && only[0] === shortForm && typeof only[1] === 'string') {
    return `kvmnet ${name} PATTERN -i INVENTORY -- ${quote(only[1])}`;
  }
  return [
    'kvmnet',
    name,
    'PATTERN',
    '-i',
    'INVENTORY',
    ...entries.flatMap(([key, value]) => flagWords(key, value)),
  ].join(' ');
}

function flagWords(key: string, value: unknown): string[] {
  const flag = key.replaceAll('_', '-');
  if (value === true) return [`--${flag}`];
  if (value === false) return [`--no-${flag}`];
  return [`--${flag}`, quote(typeof value === 'string' ? value : JSON.stringify(value))];
}
