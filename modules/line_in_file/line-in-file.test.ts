import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { lineText } from '../../src/sdk/files/line-text.ts';
import { editLines } from './edit.ts';
import { lineInFile } from './index.ts';

const edit = (text: string, params: object): string => {
  const p = lineInFile.params.parse({ path: '/f', ...params });
  const file = lineText(Buffer.from(text), '/f');
  return Buffer.from(file.content(editLines(file, p))).toString();
};

describe('parameters of line_in_file', () => {
  it.each(lineInFile.examples)('example: $title', ({ params }) => {
    expect(messageOf(lineInFile.params, params)).toBeUndefined();
  });
  it.each<[object, string]>([
    [{}, 'the line that should be there is not given'],
    [{ state: 'absent' }, 'say which lines should go: line, regexp or search_string'],
    [{ line: 'a\nb' }, 'this is more than one line: use block_in_file'],
    [{ line: 4 }, 'a line is text: quote it'],
    [{ line: 'a', regexp: 'a', search_string: 'a' }, 'give either regexp or search_string'],
    [{ line: 'a', insertafter: 'a', insertbefore: 'b' }, 'give either insertafter or insertbefore'],
    [{ line: 'a', backrefs: true }, 'backrefs refers to groups of regexp, which is not given'],
    [{ line: 'a', regexp: '(' }, 'invalid regular expression: /(/: Unterminated group'],
  ])('%j: %s', (params, message) => {
    expect(messageOf(lineInFile.params, { path: '/f', ...params })).toBe(message);
  });
  it('takes the line of a block scalar', () => {
    expect(lineInFile.params.parse({ path: '/f', line: 'a\n' }).line).toBe('a');
  });
});

// What Ansible's lineinfile does, except where said.
describe('editLines', () => {
  const abc = 'a=1\nb=2\nc=3\n';
  it.each<[string, string, object, string]>([
    ['adds at the end', abc, { line: 'd=4' }, 'a=1\nb=2\nc=3\nd=4\n'],
    ['finds the line itself', abc, { line: 'b=2' }, abc],
    ['adds to an empty file', '', { line: 'd=4' }, 'd=4\n'],
    ['ends a last line that nothing ends', 'a', { line: 'b' }, 'a\nb\n'],
    ['leaves a last line as it is where it is the line', 'x\na', { line: 'a' }, 'x\na'],
    ['replaces what matches', abc, { line: 'b=9', regexp: '^b=' }, 'a=1\nb=9\nc=3\n'],
    ['keeps the missing end of a line it replaces', 'a=1\nb=2', { line: 'b=9', regexp: '^b=' }, 'a=1\nb=9'],
    ['replaces the last match', 'x1\nx2\n', { line: 'y', regexp: '^x' }, 'x1\ny\n'],
    ['replaces the first match', 'x1\nx2\n', { line: 'y', regexp: '^x', firstmatch: true }, 'y\nx2\n'],
    ['adds where nothing matches', abc, { line: 'd=4', regexp: '^d=' }, 'a=1\nb=2\nc=3\nd=4\n'],
    ['does not add twice where nothing matches', abc, { line: 'c=3', regexp: '^#c=' }, abc],
    ['replaces what holds a string', abc, { line: 'b=9', search_string: '=2' }, 'a=1\nb=9\nc=3\n'],
    ['takes a string as it is', 'a.b\naxb\n', { line: 'n', search_string: 'a.b' }, 'n\naxb\n'],
    ['inserts after a match', abc, { line: 'n', insertafter: '^a' }, 'a=1\nn\nb=2\nc=3\n'],
    ['inserts after the last match', 'x\ny\nx\nz\n', { line: 'n', insertafter: '^x' }, 'x\ny\nx\nn\nz\n'],
    ['inserts after the first match', 'x\ny\nx\n', { line: 'n', insertafter: '^x', firstmatch: true }, 'x\nn\ny\nx\n'],
    ['inserts after the last line', 'x\ny', { line: 'n', insertafter: '^y' }, 'x\ny\nn\n'],
    ['inserts before a match', abc, { line: 'n', insertbefore: '^b' }, 'a=1\nn\nb=2\nc=3\n'],
    ['inserts before the last match', 'x\ny\nx\n', { line: 'n', insertbefore: '^x' }, 'x\ny\nn\nx\n'],
    ['inserts at the beginning', abc, { line: 'n', insertbefore: 'BOF' }, 'n\na=1\nb=2\nc=3\n'],
    ['adds at the end where the place is not found', abc, { line: 'n', insertafter: '^z' }, 'a=1\nb=2\nc=3\nn\n'],
    ['does not move a line that is there', abc, { line: 'c=3', insertafter: '^a' }, abc],
    ['prefers regexp to a place', abc, { line: 'b=9', regexp: '^b=', insertafter: '^c' }, 'a=1\nb=9\nc=3\n'],
    [
      'puts groups in',
      'key = old # why\n',
      { line: '\\1new\\2', regexp: '^(key = )\\w+(.*)$', backrefs: true },
      'key = new # why\n',
    ],
    [
      'puts named groups in',
      'key=old\n',
      { line: '\\g<k>=new \\g<1> \\\\', regexp: '^(?P<k>key)=.*$', backrefs: true },
      'key=new key \\\n',
    ],
    [
      'puts what is written with a backslash in',
      'ab\n',
      { line: '\\g<0>\\t\\2\\g<no>!', regexp: '^(a)b$', backrefs: true },
      'ab\t!\n',
    ],
    [
      'replaces the match that is found, with its own groups',
      'x1\nx2\n',
      { line: 'y\\1', regexp: '^x(.)', backrefs: true },
      'x1\ny2\n',
    ],
    ['a group that took no part is empty', 'b\n', { line: '[\\1]', regexp: '^(a)?b$', backrefs: true }, '[]\n'],
    ['leaves a file alone where nothing matches backrefs', abc, { line: '\\1', regexp: '^(z)', backrefs: true }, abc],
    ['takes a line as it is without backrefs', 'a\n', { line: '\\1$&$1', regexp: '^a' }, '\\1$&$1\n'],
    ['keeps CRLF', 'a\r\nb\r\n', { line: 'c' }, 'a\r\nb\r\nc\r\n'],
    ['keeps CRLF of a line it replaces', 'a\r\nb\r\n', { line: 'c', regexp: '^b$' }, 'a\r\nc\r\n'],
    ['finds a line that ends in CRLF', 'a\r\nb\r\n', { line: 'b' }, 'a\r\nb\r\n'],
    ['removes the line', 'a\nb\na\n', { line: 'a', state: 'absent' }, 'b\n'],
    ['removes all that match', abc, { regexp: '^[ab]', state: 'absent' }, 'c=3\n'],
    ['removes all that hold a string', abc, { search_string: '=', state: 'absent' }, ''],
    [
      'removes by regexp, not by line, where both are given',
      abc,
      { regexp: '^a', line: 'b=2', state: 'absent' },
      'b=2\nc=3\n',
    ],
    ['removes a last line that nothing ends', 'a\nb', { line: 'b', state: 'absent' }, 'a\n'],
    ['removes nothing', abc, { line: 'z', state: 'absent' }, abc],
    ['an empty line', 'a\n', { line: '' }, 'a\n\n'],
    ['an empty line in the place of an unended one', 'x\na', { line: '', regexp: '^a$' }, 'x\n\n'],
    ['ignores case', 'PORT 1\n', { line: 'Port 2', regexp: '(?i)^port' }, 'Port 2\n'],
  ])('%s', (_, before, params, after) => {
    expect(edit(before, params)).toBe(after);
  });

  it('is at rest after one edit, for any file and any line', () => {
    const piece = fc.constantFrom('a', 'b', '\n', '\r\n', '\r', ' ', '$&', '\\1', "'", 'ü', '');
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    const line = text.map((value) => value.replaceAll('\n', ''));
    const place = fc.constantFrom(
      {},
      { insertafter: '^a' },
      { insertbefore: '^a' },
      { insertbefore: 'BOF' },
      { insertafter: 'EOF' },
    );
    const state = fc.constantFrom('present', 'absent');
    fc.assert(
      fc.property(text, line, place, state, fc.boolean(), (before, line, place, state, firstmatch) => {
        const params = { line, state, firstmatch, ...place };
        const once = edit(before, params);
        expect(edit(once, params)).toBe(once);
        const found = once.split(/\r?\n/).includes(line.replace(/\r+$/, ''));
        if (line.trim() !== '') expect(found).toBe(state === 'present');
      }),
    );
  });
});
