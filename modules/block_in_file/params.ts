import { z } from 'zod';
import { attributeParams, bool, hostPath, pattern, plainPath, writeParams } from '../../src/sdk/index.ts';

const marker = z
  .string()
  .refine((text) => text.includes('{mark}'), { error: 'the marker must hold {mark}, which becomes BEGIN and END' })
  .refine((text) => !/[\r\n\0]/.test(text), { error: 'the marker is one line' });

export const BlockInFile = z
  .strictObject({
    path: hostPath().transform(plainPath).describe('text file on the host, at most 1 MiB; a link is followed'),
    block: z
      .string({ error: 'a block is text: write it after "block: |"' })
      .default('')
      .describe('the lines between the markers; empty: the block is removed, markers and all'),
    state: z.enum(['present', 'absent']).default('present').describe('whether the block should be there'),
    marker: marker
      .default('# {mark} MANAGED BY KVMNET BLOCK')
      .describe(
        'line before and after the block; {mark} becomes marker_begin and marker_end. Several blocks in a file need several markers',
      ),
    marker_begin: z.string().default('BEGIN').describe('what {mark} becomes before the block'),
    marker_end: z.string().default('END').describe('what {mark} becomes after the block'),
    insertafter: z
      .union([z.literal('EOF'), pattern()])
      .optional()
      .describe('where a new block goes: EOF, or a regular expression, after whose last match it goes; default EOF'),
    insertbefore: z
      .union([z.literal('BOF'), pattern()])
      .optional()
      .describe('the same, before it: BOF for the beginning of the file, or a regular expression'),
    append_newline: bool().default(false).describe('keep an empty line after the block, unless the file ends there'),
    prepend_newline: bool()
      .default(false)
      .describe('keep an empty line before the block, unless the file begins there'),
    create: bool().default(false).describe('make the file where there is none'),
    ...attributeParams,
    ...writeParams,
  })
  .superRefine((p, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const [begin, end] = markers(p);
    if (p.insertafter !== undefined && p.insertbefore !== undefined)
      issue('insertbefore', 'give either insertafter or insertbefore');
    if (begin === end && p.marker.includes('{mark}')) issue('marker_end', 'marker_begin and marker_end must differ');
    if (/[\r\n\0]/.test(`${p.marker_begin}${p.marker_end}`)) issue('marker_begin', 'the marker is one line');
    if (p.block.includes('\0')) issue('block', 'a text file holds no NUL character');
    if (p.block.split(/\r*\n/).some((line) => line === begin || line === end))
      issue('block', 'the block holds its own marker: choose another marker');
  });
export type BlockInFile = z.output<typeof BlockInFile>;

/** The lines before and after the block. */
export const markers = (p: Pick<BlockInFile, 'marker' | 'marker_begin' | 'marker_end'>): readonly [string, string] => [
  p.marker.replaceAll('{mark}', () => p.marker_begin),
  p.marker.replaceAll('{mark}', () => p.marker_end),
];
