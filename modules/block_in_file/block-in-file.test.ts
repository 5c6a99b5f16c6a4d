import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineText } from '../../src/sdk/files/line-text.ts';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { editBlock } from './edit.ts';
import { blockInFile } from './index.ts';

const edit = (text: string, params: object): string => {
  const p = blockInFile.params.parse({ path: '/f', ...params });
  const file = lineText(Buffer.from(text), '/f');
  return Buffer.from(file.content(editBlock(file, p))).toString();
};
const B = '# BEGIN MANAGED BY KVMNET BLOCK';
const E = '# END MANAGED BY KVMNET BLOCK';

describe('parameters of block_in_file', () => {
  it.each(blockInFile.examples)('example: $title', ({ params }) => {
    expect(messageOf(blockInFile.params, params)).toBeUndefined();
  });
  it.each<[object, string]>([
    [{ block: 4 }, 'a block is text: write it after "block: |"'],
    [{ block: 'a', marker: '# mine' }, 'the marker must hold {mark}, which becomes BEGIN and END'],
    [{ block: 'a', marker: '# {mark}\n' }, 'the marker is one line'],
    [{ block: 'a', marker_begin: 'X', marker_end: 'X' }, 'marker_begin and marker_end must differ'],
    [{ block: 'a', marker_end: 'X\nY' }, 'the marker is one line'],
    [{ block: `a\n${E}\n` }, 'the block holds its own marker: choose another marker'],
    [{ block: 'a\0' }, 'a text file holds no NUL character'],
    [{ block: 'a', insertafter: 'a', insertbefore: 'b' }, 'give either insertafter or insertbefore'],
  ])('%j: %s', (params, message) => {
    expect(messageOf(blockInFile.params, { path: '/f', ...params })).toBe(message);
  });
});

describe('editBlock', () => {
  it.each<[string, string, object, string]>([
    ['adds at the end', 'a\n', { block: 'x\ny\n' }, `a\n${B}\nx\ny\n${E}\n`],
    ['ends a last line that nothing ends', 'a', { block: 'x' }, `a\n${B}\nx\n${E}\n`],
    ['makes a file', '', { block: 'x' }, `${B}\nx\n${E}\n`],
    ['replaces the block where it is', `a\n${B}\nold\n${E}\nb\n`, { block: 'new' }, `a\n${B}\nnew\n${E}\nb\n`],
    ['leaves it as it is', `a\n${B}\nx\n${E}\nb\n`, { block: 'x\n' }, `a\n${B}\nx\n${E}\nb\n`],
    ['leaves it as it is at an end that nothing ends', `a\n${B}\nx\n${E}`, { block: 'x' }, `a\n${B}\nx\n${E}`],
    ['does not move it', `${B}\nx\n${E}\na\n`, { block: 'y', insertafter: 'EOF' }, `${B}\ny\n${E}\na\n`],
    ['inserts after the last match', 'a\nb\na\nc\n', { block: 'x', insertafter: '^a' }, `a\nb\na\n${B}\nx\n${E}\nc\n`],
    ['inserts before the last match', 'a\nb\na\n', { block: 'x', insertbefore: '^a' }, `a\nb\n${B}\nx\n${E}\na\n`],
    ['inserts at the beginning', 'a\n', { block: 'x', insertbefore: 'BOF' }, `${B}\nx\n${E}\na\n`],
    ['adds at the end where the place is not found', 'a\n', { block: 'x', insertafter: '^z' }, `a\n${B}\nx\n${E}\n`],
    ['removes it', `a\n${B}\nx\n${E}\nb\n`, { state: 'absent' }, 'a\nb\n'],
    ['removes an empty one', `a\n${B}\nx\n${E}\nb\n`, { block: '' }, 'a\nb\n'],
    ['removes nothing', 'a', { state: 'absent', block: 'x' }, 'a'],
    [
      'knows other markers',
      `a\n`,
      { block: 'x', marker: '; {mark} {mark}', marker_begin: '<', marker_end: '>' },
      'a\n; < <\nx\n; > >\n',
    ],
    ['a marker may hold $&', `a\n`, { block: 'x', marker: '# {mark}', marker_begin: '$&' }, 'a\n# $&\nx\n# END\n'],
    ['leaves blocks of others', `# BEGIN o\nx\n# END o\n`, { block: 'y' }, `# BEGIN o\nx\n# END o\n${B}\ny\n${E}\n`],
    ['writes CRLF where the file has it', 'a\r\n', { block: 'x\ny' }, `a\r\n${B}\r\nx\r\ny\r\n${E}\r\n`],
    ['keeps empty lines of the block', '', { block: '\nx\n\n' }, `${B}\n\nx\n\n${E}\n`],
    ['sets it off below', 'a\n', { block: 'x', insertbefore: 'BOF', append_newline: true }, `${B}\nx\n${E}\n\na\n`],
    ['sets it off above', 'a\n', { block: 'x', prepend_newline: true, append_newline: true }, `a\n\n${B}\nx\n${E}\n`],
    [
      'does not set it off twice',
      `a\n\n${B}\nx\n${E}\n\nb\n`,
      { block: 'x', prepend_newline: true, append_newline: true },
      `a\n\n${B}\nx\n${E}\n\nb\n`,
    ],
    [
      'sets off a block that stands',
      `a\n${B}\nx\n${E}\nb\n`,
      { block: 'x', prepend_newline: true, append_newline: true },
      `a\n\n${B}\nx\n${E}\n\nb\n`,
    ],
  ])('%s', (_, before, params, after) => {
    expect(edit(before, params)).toBe(after);
  });

  it.each([
    [`${B}\nx\n`, '1'],
    [`x\n${E}\n`, '2'],
    [`${E}\nx\n${B}\n`, '1, 3'],
    [`${B}\n${E}\n${B}\n${E}\n`, '1, 2, 3, 4'],
  ])('refuses markers that are no pair: %j', (text, lines) => {
    expect(() => edit(text, { block: 'y' })).toThrow(
      `/f does not hold the block's markers as one pair: see line ${lines}`,
    );
  });

  it('is at rest after one edit, and takes itself away', () => {
    const piece = fc.constantFrom('a', 'b', '\n', '\r\n', '\r', ' ', '$&', "'", 'ü', '');
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    const place = fc.constantFrom({}, { insertafter: '^a' }, { insertbefore: '^a' }, { insertbefore: 'BOF' });
    fc.assert(
      fc.property(
        text,
        text,
        place,
        fc.boolean(),
        fc.boolean(),
        (before, block, place, prepend_newline, append_newline) => {
          const params = { block, prepend_newline, append_newline, ...place };
          const once = edit(before, params);
          expect(edit(once, params)).toBe(once);
          if (prepend_newline || append_newline) return;
          const bare = (value: string) => value.split('\n').map((line) => line.replace(/\r+$/, ''));
          const lines = (value: string) => bare(value).filter((line) => line !== '');
          expect(lines(edit(once, { state: 'absent' }))).toEqual(lines(before));
        },
      ),
    );
  });
});
