import { dirname, resolve } from 'node:path';
import { isDynamic } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { LoadContext } from './context.ts';
import { describeNode } from './describe-node.ts';
import { Fields } from './fields.ts';
import { IMPORT_PLAYBOOK_KEYWORDS } from './keywords.ts';
import type { Play, Playbook } from './model.ts';
import type { LoadOptions } from './options.ts';
import { PlaybookMistakes } from './playbook-mistakes.ts';
import { readPlay, type Imported } from './read-play.ts';

/**
 * Reads a playbook with all that it imports, checks it as far as it depends on no host, and compiles it.
 * @throws PlaybookMistakes with all mistakes of all files
 */
export async function loadPlaybook(file: string, options: LoadOptions): Promise<Playbook> {
  const context = new LoadContext(options);
  const imported: Imported = { tags: [], layers: [], when: [] };
  const plays = await readPlaybook(context, resolve(file), undefined, imported, []);
  const { mistakes, faulty } = context;
  if (mistakes === 0) return { file, plays };
  // Outside of tasks a mistake may be the reason for whatever else looks wrong.
  throw new PlaybookMistakes(
    context.takeMistakes(),
    faulty.mistakes === mistakes ? { file, plays, faulty } : undefined,
  );
}

async function readPlaybook(
  context: LoadContext,
  file: string,
  from: SourceLocation | undefined,
  imported: Imported,
  chain: readonly string[],
): Promise<readonly Play[]> {
  const root = await context.read(file, from, 'the playbook');
  if (root === undefined) return [];
  if (root.kind !== 'sequence') {
    context.mistake(root.at, `a playbook is a list of plays, not ${describeNode(root)}`, 'begin each play with "- "');
    return [];
  }
  const plays: Play[] = [];
  for (const item of root.items) {
    if (item.kind !== 'mapping') {
      context.mistake(
        item.at,
        `a play is a mapping, not ${describeNode(item)}`,
        'write - hosts: … and tasks: below it',
      );
      continue;
    }
    const fields = new Fields(context, item);
    if (fields.has('import_playbook'))
      plays.push(...(await readImported(context, file, fields, imported, [...chain, file])));
    else plays.push(await readPlay(context, file, fields, imported));
  }
  return plays;
}

async function readImported(
  context: LoadContext,
  file: string,
  fields: Fields,
  outer: Imported,
  chain: readonly string[],
): Promise<readonly Play[]> {
  fields.refuseUnknown(IMPORT_PLAYBOOK_KEYWORDS, 'import_playbook');
  const layer = fields.layer('vars', 'include-params');
  const imported = {
    tags: [...outer.tags, ...fields.names('tags')],
    layers: layer === undefined ? outer.layers : [...outer.layers, layer],
    when: [...outer.when, ...(fields.condition('when') ?? [])],
  };
  const node = fields.fixed('import_playbook');
  const name = node === undefined || isDynamic(node) ? undefined : fields.text('import_playbook');
  if (node === undefined || name === undefined) return [];
  const path = resolve(dirname(file), name);
  if (!chain.includes(path)) return readPlaybook(context, path, node.at, imported, chain);
  context.report(
    new KvmnetError('playbook', `${name} imports itself`, { at: node.at, hint: 'remove one of the imports' }),
  );
  return [];
}
