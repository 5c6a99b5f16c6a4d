import { z } from 'zod';
import { attributeParams, bool, hostPath, pattern, plainPath, writeParams } from '../../src/sdk/index.ts';

/** `line: |` of YAML ends in a newline: that one is no part of the line. */
const line = z
  .string({ error: 'a line is text: quote it' })
  .transform((text) => text.replace(/[\r\n]*$/, ''))
  .refine((text) => !/[\n\0]/.test(text), { error: 'this is more than one line: use block_in_file' });

export const LineInFile = z
  .strictObject({
    path: hostPath().transform(plainPath).describe('text file on the host, at most 1 MiB; a link is followed'),
    line: line.optional().describe('the line, without its end; needed unless state is absent'),
    state: z.enum(['present', 'absent']).default('present').describe('whether the line should be there'),
    regexp: pattern()
      .optional()
      .describe(
        'regular expression of JavaScript, (?i) and (?P<name>) of Python too: the last line that matches is replaced; with state absent all are removed',
      ),
    search_string: z.string().min(1).optional().describe('as regexp, but plain text that the line holds'),
    insertafter: z
      .union([z.literal('EOF'), pattern()])
      .optional()
      .describe(
        'where no line matches: EOF, or a regular expression, after whose last match the line goes; default EOF',
      ),
    insertbefore: z
      .union([z.literal('BOF'), pattern()])
      .optional()
      .describe('the same, before it: BOF for the beginning of the file, or a regular expression'),
    firstmatch: bool().default(false).describe('use the first line that matches, not the last'),
    backrefs: bool()
      .default(false)
      .describe('line may hold \\1 or \\g<name> of regexp; where nothing matches, the file is left alone'),
    create: bool().default(false).describe('make the file where there is none'),
    ...attributeParams,
    ...writeParams,
  })
  .superRefine((p, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const finds = p.regexp !== undefined || p.search_string !== undefined;
    if (p.regexp !== undefined && p.search_string !== undefined)
      issue('search_string', 'give either regexp or search_string');
    if (p.insertafter !== undefined && p.insertbefore !== undefined)
      issue('insertbefore', 'give either insertafter or insertbefore');
    if (p.state === 'present' && p.line === undefined) issue('line', 'the line that should be there is not given');
    if (p.state === 'absent' && p.line === undefined && !finds)
      issue('line', 'say which lines should go: line, regexp or search_string');
    if (p.backrefs && p.regexp === undefined)
      issue('backrefs', 'backrefs refers to groups of regexp, which is not given');
  });
export type LineInFile = z.output<typeof LineInFile>;
