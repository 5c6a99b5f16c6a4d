import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { didYouMean } from '../util/suggest.ts';

/**
 * @param path what was asked for, as written: `facts.net.ethh0`
 * @param part the part of it that does not exist: `ethh0`
 * @param known what exists in that place
 */
export function undefinedVariable(
  path: string,
  part: string,
  known: Iterable<string>,
  at: SourceLocation | undefined,
  hint?: string,
): KvmnetError {
  return new KvmnetError('undefined-variable', `"${path}" is undefined`, {
    at,
    hint: hint ?? JINJA_WORDS.get(part) ?? didYouMean(part, known),
  });
}

const JINJA_WORDS: ReadonlyMap<string, string> = new Map([
  ['True', 'did you mean "true"?'],
  ['False', 'did you mean "false"?'],
  ['None', 'did you mean "null"?'],
  ['omit', 'leave the parameter out, or write a default'],
]);
