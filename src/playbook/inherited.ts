import type { LoadContext } from './context.ts';
import type { Fields } from './fields.ts';
import type { Inherited } from './model.ts';
import type { Layer, LayerKind } from '../lang/index.ts';

/** The keywords that plays, roles, blocks and tasks share. @param more - layers beside that of `vars:` */
export function readInherited(
  context: LoadContext,
  fields: Fields,
  kind: LayerKind,
  more: readonly Layer[] = [],
): Inherited {
  const vars = fields.layer('vars', kind);
  return {
    become: fields.boolean('become'),
    becomeUser: fields.words('become_user'),
    becomeMethod: readMethod(context, fields),
    environment: readEnvironment(context, fields),
    ignoreErrors: fields.boolean('ignore_errors'),
    ignoreUnreachable: fields.boolean('ignore_unreachable'),
    checkMode: fields.boolean('check_mode'),
    diff: fields.boolean('diff'),
    noLog: fields.boolean('no_log'),
    anyErrorsFatal: fields.boolean('any_errors_fatal'),
    throttle: fields.number('throttle'),
    timeout: fields.number('timeout'),
    runOnce: fields.boolean('run_once'),
    delegateTo: fields.words('delegate_to'),
    layers: vars === undefined ? more : [...more, vars],
  };
}

/** What inherits nothing and gives nothing: for nodes that only group others. */
export const nothingInherited: Inherited = { environment: [], layers: [] };

function readMethod(context: LoadContext, fields: Fields): Inherited['becomeMethod'] {
  const method = fields.words('become_method');
  if (method?.constant !== true) return method;
  const value = method.bind({ has: () => false, get: () => undefined, names: () => [] });
  if (value === 'sudo' || value === 'su' || value === 'doas') return method;
  context.mistake(method.at, `become_method cannot be "${String(value)}"`, 'known: doas, su, sudo');
  return undefined;
}

function readEnvironment(context: LoadContext, fields: Fields): Inherited['environment'] {
  return fields.list('environment').flatMap((node) => {
    if (node.kind === 'sequence' || (node.kind === 'scalar' && !/\{\{/.test(node.text) && node.tag === undefined)) {
      context.mistake(node.at, 'environment: expected a mapping of names to texts');
      return [];
    }
    return [fields.compile(node)];
  });
}
