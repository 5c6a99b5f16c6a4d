import { didYouMean, suggest } from '../util/suggest.ts';
import type { LoadContext } from './context.ts';
import type { Fields } from './fields.ts';
import { remedyFor, STATEMENTS, TASK_KEYWORDS } from './keywords.ts';
import type { ModuleSchema } from './options.ts';

interface Found {
  /** As it stands in the task. */
  readonly key: string;
  readonly schema: ModuleSchema;
}

/** The module of a task: the one key that is no keyword. Whatever is wrong is reported. */
export async function findModule(context: LoadContext, fields: Fields): Promise<Found | undefined> {
  const names = context.options.modules.names();
  const candidates = [...fields.node.entries.keys()].filter((name) => !TASK_KEYWORDS.includes(name));
  const modules = candidates.filter((name) => names.includes(name));
  const [first, second] = modules;
  if (first === undefined) {
    reportNone(context, fields, candidates, names);
    return undefined;
  }
  if (second !== undefined) {
    context.mistake(fields.keyPlace(second), `two modules in one task: ${first} and ${second}`, 'make two tasks of it');
    return undefined;
  }
  const known = [first, ...TASK_KEYWORDS];
  fields.refuseUnknown(known, 'a task', STATEMENTS);
  const schema = await context.module(first, fields.keyPlace(first));
  return schema === undefined ? undefined : { key: first, schema };
}

function reportNone(
  context: LoadContext,
  fields: Fields,
  candidates: readonly string[],
  names: readonly string[],
): void {
  const [only, ...others] = candidates;
  if (only === undefined) {
    context.mistake(
      fields.node.at,
      'a task without a module',
      'add the module and its parameters, for example: debug: { msg: … }',
    );
    return;
  }
  for (const name of [only, ...others]) {
    const remedy = remedyFor(name) ?? collectionRemedy(name, names);
    if (name === 'import_playbook')
      context.mistake(
        fields.keyPlace(name),
        'import_playbook stands among tasks',
        'put it beside the plays, at the left margin',
      );
    else if (remedy !== undefined && !name.includes('.'))
      context.mistake(fields.keyPlace(name), `"${name}" is not supported`, remedy);
    else {
      const module = suggest(name, [...names, ...STATEMENTS]);
      const keyword = module === undefined && remedy === undefined ? suggest(name, TASK_KEYWORDS) : undefined;
      if (keyword === undefined) {
        const hint = remedy ?? didYouMean(name, [...names, ...STATEMENTS]);
        context.mistake(fields.keyPlace(name), `unknown module "${name}"`, hint ?? 'kvmnet doc lists the modules');
      } else
        context.mistake(fields.keyPlace(name), `unknown keyword "${name}" in a task`, `did you mean "${keyword}"?`);
    }
  }
}

/** `ansible.builtin.copy` */
function collectionRemedy(name: string, names: readonly string[]): string | undefined {
  if (!name.includes('.')) return undefined;
  const last = name.split('.').at(-1) ?? '';
  if (names.includes(last) || STATEMENTS.includes(last)) return `did you mean "${last}"?`;
  return remedyFor(last) ?? didYouMean(last, names);
}
