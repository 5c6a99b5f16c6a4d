import { KvmnetError } from '../../util/errors.ts';
import { refuse } from '../errors.ts';

// Either a quoted stretch, an escaped character, or plain characters; a word is several of them without space between.
const piece = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/y;

/**
 * Splits a command line into words as sh does, without its expansions: quotes and backslashes count, `$` and `*` do not.
 * @throws KvmnetError code `refused` for a quote that is not closed
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    // It joins two lines, and makes no word by itself.
    if (line.startsWith('\\\n', at)) {
      at += 2;
      continue;
    }
    piece.lastIndex = at;
    const match = piece.exec(line);
    if (match === null) throw unfinished(line, at);
    const [text, single, double, escaped, plain] = match;
    word = (word ?? '') + (single ?? (double === undefined ? (plain ?? escaped) : unquoted(double)) ?? '');
    at += text.length;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Why a command line cannot be split, for a schema; undefined where it can. */
export function splitProblem(line: string): string | undefined {
  try {
    splitWords(line);
    return undefined;
  } catch (error) {
    return error instanceof KvmnetError ? `${error.message} (${error.hint ?? ''})` : String(error);
  }
}

/** Inside double quotes a backslash quotes only the four characters that are special there, and joins lines. */
const unquoted = (text: string): string =>
  text.replace(/\\([\\"$`\n])/g, (_, character: string) => (character === '\n' ? '' : character));

const unfinished = (line: string, at: number): Error => {
  const character = line.charAt(at);
  return character === '\\'
    ? refuse('the command ends with a backslash', 'write two of them for one')
    : refuse(`a ${character} is not closed in: ${line}`, 'close it, or give the words as a list: argv');
};
