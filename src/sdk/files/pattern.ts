import { z } from 'zod';

/** What Python says otherwise than JavaScript. Pairs of backslashes are taken whole, so that `\\A` stays a backslash and an A. */
const pythonOnly = /\\\\|\\A|\\Z|\(\?P<|\(\?P=(\w+)\)|\(\?#[^)]*\)/g;

/**
 * The regular expression that a user wrote, as Python or JavaScript know them. Flags at the beginning, `(?i)`, are
 * taken too; named groups, `\A` and `\Z` of Python are understood. @throws SyntaxError
 */
export function parsePattern(source: string): RegExp {
  const [, flags = '', body = ''] = /^(?:\(\?([aimsux]+)\))?([^]*)$/.exec(source) ?? [];
  if (flags.includes('x')) throw new SyntaxError('(?x) is not known here: write the pattern without spaces');
  const translated = body.replace(pythonOnly, (found, name?: string) => {
    if (found === '\\A') return '^';
    if (found === '\\Z') return '$';
    if (found === '(?P<') return '(?<';
    if (found.startsWith('(?#')) return '';
    return name === undefined ? found : `\\k<${name}>`;
  });
  return new RegExp(translated, flags.replace(/[au]/g, ''));
}

/** A regular expression; stays text, see {@link parsePattern}. */
export const pattern = () =>
  z
    .string({ error: 'a regular expression is text: quote it' })
    .min(1, 'an empty regular expression matches every line')
    .superRefine((source, context) => {
      try {
        parsePattern(source);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? lower(error.message) : String(error) });
      }
    });

const lower = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1);
