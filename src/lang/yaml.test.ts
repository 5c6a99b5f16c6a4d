import * as fc from 'fast-check';
import { dump, DUMP_SCHEMA } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { formatLocation } from '../util/source.ts';
import { nodeAt } from './node.ts';
import { parseYaml } from './yaml.ts';

const parse = (text: string) => parseYaml(text, 'f.yml');

/** Numbers as text: those that only look like numbers stay text. */
const textual = (_key: string, value: unknown): unknown => (typeof value === 'number' ? String(value) : value);

/** Every mistake as `line:column message | hint`. */
const mistakes = (text: string): string[] =>
  parse(text).diagnostics.map(({ at, message, hint }) => `${at?.line}:${at?.column} ${message} | ${hint ?? ''}`);

describe('plain scalars', () => {
  it.each<[string, unknown]>([
    ['1', 1],
    ['-7', -7],
    ['0x10', 16],
    ['0o17', 15],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1.10', 1.1],
    ['true', true],
    ['False', false],
    ['~', null],
    ['', null],
    // Kept as written.
    ['yes', 'yes'],
    ['off', 'off'],
    ['010', '010'],
    ['0644', '0644'],
    ['9007199254740993', '9007199254740993'],
    ['0xffffffffffffffff', '0xffffffffffffffff'],
    ['1e999', '1e999'],
    ['.inf', '.inf'],
    ['.nan', '.nan'],
    ['22:22', '22:22'],
    ['52:54:00:6d:90:02', '52:54:00:6d:90:02'],
    ['2001-12-14', '2001-12-14'],
    ['1_000', '1_000'],
    ['10.0.0.1', '10.0.0.1'],
    ['"1"', '1'],
    ["'true'", 'true'],
    ['!!str 12', '12'],
    ['! 12', '12'],
    ['!!int 12', 12],
  ])('a: %s', (text, value) => {
    const file = parse(`a: ${text}`);
    expect(file.diagnostics).toEqual([]);
    expect(file.value).toEqual({ a: value });
  });

  it('keeps what was written beside what it means', () => {
    expect(nodeAt(parse('a: 0x10').root, ['a'])).toMatchObject({ value: 16, text: '0x10', plain: true });
  });
});

describe('documents', () => {
  it.each<[string, string, unknown]>([
    ['nothing', '', null],
    ['a comment', '# nothing\n', null],
    ['JSON', '{"a": [1, "b", null, {"c": true}]}', { a: [1, 'b', null, { c: true }] }],
    ['a BOM and CRLF', '\uFEFFa: 1\r\nb: |\r\n  x\r\n  y\r\n', { a: 1, b: 'x\ny\n' }],
    ['a start marker', '---\na: 1\n', { a: 1 }],
    ['aliases', 'a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
    [
      'merge',
      'a: &x {k: 1, l: 1}\nb: &y {k: 2}\nc: {<<: [*y, *x], l: 3}',
      { a: { k: 1, l: 1 }, b: { k: 2 }, c: { l: 3, k: 2 } },
    ],
    ['a quoted merge key', 'a: {"<<": 1}', { a: { '<<': 1 } }],
  ])('%s', (_name, text, value) => {
    expect(mistakes(text)).toEqual([]);
    expect(parse(text).value).toEqual(value);
  });

  it('does not reach prototypes', () => {
    const value = parse('__proto__: {polluted: true}\nconstructor: 1').value as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('parses what JSON.stringify writes to the same value', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, (value) => {
        // Negative zero, and numbers YAML keeps as text, are not JSON's.
        const plain: unknown = JSON.parse(
          JSON.stringify(value, (_key, item: unknown) =>
            typeof item === 'number' && !(Number.isSafeInteger(item) || /^-?\d+\.\d+$/.test(String(item))) ? 0 : item,
          ),
        );
        expect(parse(JSON.stringify(plain)).value).toEqual(plain);
      }),
    );
  });
});

describe('mistakes', () => {
  it('none in what js-yaml writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = dump(value, { schema: DUMP_SCHEMA, lineWidth: 20 });
        const file = parse(text);
        expect(file.diagnostics).toEqual([]);
        expect(JSON.stringify(file.value, textual)).toEqual(JSON.stringify(value, textual));
      }),
    );
  });

  it.each<[string, string[]]>([
    ['a: 1\nb: 2\na: 3', ['3:1 duplicate key "a", first at f.yml:1:1 | remove one of the two']],
    ['a: {{ x }}', ['1:5 a value that begins with {{ is a mapping to YAML | put it into quotes: "{{ … }}"']],
    ['{? [a] : b}', ['1:4 a list cannot be a key | use a text as the key']],
    ['a: !exprr x', ['1:4 unknown tag !exprr | did you mean !expr?']],
    ['a: !foo x', ['1:4 unknown tag !foo | known: !expr, !vault, !unsafe; put a text that begins with ! into quotes']],
    [
      'a: !foo {b: 1}',
      ['1:4 unknown tag !foo | known: !expr, !vault, !unsafe; put a text that begins with ! into quotes'],
    ],
    ['a: !expr', ['1:4 !expr without a text | write it behind the tag: !expr …']],
    ['a: !!int x', ['1:4 "x" is not !!int | ']],
    ['a: *b', ['1:4 no anchor &b before this | put a text that begins with * into quotes']],
    ['x: &base 1\na: *bse', ['2:4 no anchor &bse before this | did you mean "*base"?']],
    ['a: &x [*x]', ['1:8 *x stands inside of what &x names | a value cannot hold itself']],
    ['a: {<<: 1}', ['1:9 "<<" needs a mapping or a list of mappings | point it at an anchored mapping: <<: *name']],
    [
      'a: 1\n---\nb: 2',
      ['3:1 a second YAML document begins here | keep one document per file: remove the "---" in the middle'],
    ],
    ['a: b: c', ['1:5 YAML: bad indentation of a mapping entry | put a value that holds ": " into quotes']],
    ['a:\n\tb: 1', ['2:1 YAML: a tab in the indentation | indent with spaces']],
    ['a: [1', ['1:6 YAML: a list or mapping in brackets is not closed | add the closing ] or }']],
    ['a: "x', ['1:6 YAML: a text in double quotes is not closed | add the closing "']],
    ['a: @x', ['1:4 YAML: a value cannot begin with @ | put it into quotes']],
    ["a: 'it's'", ["1:8 YAML: bad indentation of a mapping entry | inside single quotes write ' twice"]],
    ['a: \u0007', ['1:4 YAML: a character that YAML does not allow | write it as an escape in double quotes']],
    [
      'when: "a" == b',
      [
        '1:11 YAML: text behind the closing quote | put the whole expression into quotes of the other kind, or behind "|"',
      ],
    ],
    [
      'a: !expr x ? y : z',
      [
        '1:10 the expression "x ? y" is followed by ": ", so YAML reads it as a key | put the whole expression into quotes: !expr \'…\'',
      ],
    ],
  ])('%j', (text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });

  it('reports all of them at once and keeps the rest', () => {
    const file = parse('a: !foo 1\nb: 2\nb: 3\nc: *nope\n');
    expect(file.diagnostics).toHaveLength(3);
    expect(file.value).toEqual({ a: '1', b: 2, c: null });
    expect(file.diagnostics[1]).toMatchObject({
      code: 'playbook',
      at: { file: 'f.yml', line: 3, column: 1, text: 'b: 3' },
    });
  });

  it('limits what aliases unfold to, and depth', () => {
    const laughs = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 8; i++) laughs.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`);
    expect(mistakes(laughs.join('\n'))[0]).toContain('more than 1000000 values once all aliases are written out');
    expect(mistakes('['.repeat(200))).toHaveLength(1);
  });
});

describe('places', () => {
  const text = 'play:\n  - name: x\n    tasks: [a, {b: "c"}]\n';
  it.each<[(string | number)[], 'key' | 'value', string]>([
    [['play'], 'key', 'f.yml:1:1'],
    [['play', 0, 'name'], 'key', 'f.yml:2:5'],
    [['play', 0, 'name'], 'value', 'f.yml:2:11'],
    [['play', 0, 'tasks'], 'value', 'f.yml:3:12'],
    [['play', 0, 'tasks', 1, 'b'], 'value', 'f.yml:3:20'],
    // What is not there is shown at the nearest place around it.
    [['play', 0, 'nope', 'deep'], 'value', 'f.yml:2:5'],
  ])('%j %s', (path, what, expected) => {
    expect(formatLocation(parse(text).locate(path, what))).toBe(expected);
  });

  // The place of X inside of a scalar, whatever the style.
  it.each<[string, string]>([
    ['a: one X', '1:8'],
    ['a: "one X"', '1:9'],
    ['a: "\\u0041\\n\\"X"', '1:15'],
    ["a: 'it''s X'", '1:11'],
    ['a: |\n  one\n    two X', '3:9'],
    ['a: >-\n  one\n  two\n\n  three X', '5:9'],
    ['a: one\n  two X', '2:7'],
    ['a: "one\n\n  two X"', '3:7'],
    ['a: !expr one X', '1:14'],
    ['a: |\r\n  one\r\n  X', '3:3'],
    ['- |2\n   X', '2:4'],
  ])('offset in %j', (source, expected) => {
    const root = parse(source).root;
    const node = nodeAt(root, [root?.kind === 'sequence' ? 0 : 'a']);
    if (node?.kind !== 'scalar') throw new Error('not a scalar');
    const { line, column } = node.origin.locate(node.text.indexOf('X'));
    expect(`${line}:${column}`).toBe(expected);
  });

  it('finds every character of any block scalar again', () => {
    const line = fc.stringMatching(/^[a-z]([a-z ]{0,8}[a-z])?$/);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
        const source = `a: |\n${lines.map((l) => `  ${l}\n`).join('')}`;
        const node = nodeAt(parse(source).root, ['a']);
        if (node?.kind !== 'scalar') throw new Error('not a scalar');
        for (let offset = 0; offset < node.text.length; offset++) {
          const char = node.text[offset];
          if (char === '\n') continue;
          const at = node.origin.locate(offset);
          expect(at.text?.[at.column - 1]).toBe(char);
        }
      }),
    );
  });

  it('knows what was written without quotes', () => {
    const file = parse('a: yes\nb: "yes"');
    expect([file.isPlain(['a']), file.isPlain(['b'])]).toEqual([true, false]);
  });
});
