import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRegistry } from '../../engine/index.ts';
import { bool, defineAction, int, splitWords, type AnyModule } from '../../sdk/index.ts';
import { commands } from '../commands.ts';
import { examplesOf } from '../doc/example-text.ts';
import { silentCli } from '../testing/silent-cli.ts';
import { exampleCommand } from './example-command.ts';
import { moduleArguments } from './module-arguments.ts';
import { moduleCommand } from './module-command.ts';

const registry = createRegistry();
const modules = await Promise.all(registry.names().map((name) => registry.get(name)));
const all = modules.filter((module) => module !== undefined);
const cli = silentCli();

const valuesOf = (module: AnyModule, args: readonly string[]): Record<string, unknown> => {
  const { parameters } = moduleArguments(cli, module, args);
  return Object.fromEntries([...parameters].map(([name, { value }]) => [name, value]));
};

describe('every module', () => {
  it.each(all.map((module) => [module.name, module] as const))(
    '%s is shown on the command line as it is typed',
    (_, module) => {
      for (const example of examplesOf(module)) {
        const [, name, ...words] = splitWords(exampleCommand(module, example));
        expect(name).toBe(module.name);
        expect(module.params.parse(valuesOf(module, words))).toEqual(module.params.parse(example.params));
      }
    },
  );
  it('has a name that is no command', () => {
    const names = new Set(commands.map(({ name }) => name));
    expect(all.map(({ name }) => name).filter((name) => names.has(name) || name === 'help')).toEqual([]);
  });
  it.each(all.map((module) => [module.name, module] as const))('%s describes each parameter', (_, module) => {
    const { flags } = moduleCommand(cli, module);
    expect(flags.filter(({ parameter }) => parameter.description === '').map(({ flag }) => flag)).toEqual([]);
  });
});

describe('flags', () => {
  const module = defineAction({
    name: 'probe',
    summary: 'A module with one parameter of each kind',
    params: z.strictObject({
      text: z.string().optional(),
      number: int().optional(),
      rate: z.union([z.string(), z.number()]).optional(),
      on: bool().default(true),
      off: bool().optional(),
      list: z.array(int()).optional(),
      words: z.union([z.string(), z.array(z.string())]).optional(),
      objects: z.array(z.strictObject({ id: int(), name: z.string().optional() })).optional(),
      map: z.record(z.string(), z.union([z.string(), z.number(), bool()])).optional(),
      field: z.strictObject({ size: int(), label: z.string() }).partial().optional(),
      either: z.union([z.literal('max'), int()]).optional(),
      maybe: z.string().nullable().optional(),
      limit: int().optional(),
      check: bool().optional(),
    }),
    examples: [],
    shortForm: 'text',
    effect: 'none',
    run: () => Promise.resolve({ changed: false }),
  });
  it.each<[readonly string[], Record<string, unknown>]>([
    [['--text', '4'], { text: '4' }],
    [['--text=-x'], { text: '-x' }],
    [['--text', '-j ACCEPT'], { text: '-j ACCEPT' }],
    [['--text', 'a', '--text', 'b'], { text: 'b' }],
    [['--text', '[1]'], { text: '[1]' }],
    [['--number', '4'], { number: 4 }],
    [['--number', '{{ n }}'], { number: '{{ n }}' }],
    [['--rate', '10mbit'], { rate: '10mbit' }],
    [['--rate', '010'], { rate: '010' }],
    [['--no-on', '--off'], { on: false, off: true }],
    [['--on', '--off=no'], { on: true, off: false }],
    [['--list', '1', '--list', '2'], { list: [1, 2] }],
    [['--list', '[1, 2]', '--list', '3'], { list: [1, 2, 3] }],
    [['--words', 'a,b'], { words: 'a,b' }],
    [['--words', 'a', '--words', 'b'], { words: ['a', 'b'] }],
    [['--words', '[a, b]'], { words: ['a', 'b'] }],
    [['--objects', '{id: 1, name: x}', '--objects', 'id=2'], { objects: [{ id: 1, name: 'x' }, { id: 2 }] }],
    [['--objects', '[{"id": 1}]'], { objects: [{ id: 1 }] }],
    [['--map', 'net.ipv4.ip_forward=1', '--map', 'a.b=x=y'], { map: { 'net.ipv4.ip_forward': 1, 'a.b': 'x=y' } }],
    [['--map', '{"a": "1", "b": true}'], { map: { a: '1', b: true } }],
    [['--field', 'size=3', '--field', 'label=7'], { field: { size: 3, label: '7' } }],
    [['--either', 'max'], { either: 'max' }],
    [['--either', '3'], { either: 3 }],
    [['--maybe', 'null'], { maybe: null }],
    [['--param-limit', '3', '--limit', 'kvm01', '--param-check'], { limit: 3, check: true }],
    [['--', 'two', 'words', '--off'], { text: 'two words --off' }],
    [['bare'], { text: 'bare' }],
  ])('%j', (args, values) => {
    expect(valuesOf(module, ['all', ...args])).toEqual(values);
  });
  it.each([
    [['--txet', 'x'], 'unknown option "--txet"', 'did you mean --text?'],
    [['--number'], 'option "--number <value>" argument missing', '"kvmnet probe --help" shows how it is used'],
    [['--map', '{a: '], /^--map: not valid JSON: /, undefined],
    [['--text', 'a', 'b'], '"b" stands for --text, which is given as well', undefined],
  ])('%j is refused', (args, message, hint) => {
    const refused = message instanceof RegExp ? (expect.stringMatching(message) as string) : message;
    expect(() => valuesOf(module, ['all', ...args])).toThrow(
      expect.objectContaining({ code: 'usage', message: refused, hint }) as Error,
    );
  });
  it('finds the places of what was given', () => {
    const { at, patternAt, parameters } = moduleArguments(cli, module, ['kvm*', '--text', "it's", '--number=x']);
    const text = String.raw`kvmnet probe kvm* --text 'it'\''s' --number=x`;
    expect(at).toEqual({ file: '<command line>', line: 1, column: 8, text });
    expect(patternAt.column).toBe(text.indexOf('kvm*') + 1);
    expect(parameters.get('text')?.at.column).toBe(text.indexOf("'it") + 1);
    expect(parameters.get('number')?.at.column).toBe(text.indexOf('=x') + 2);
  });
  it('are explained by the help', () => {
    const help = moduleCommand(cli, module).command.helpInformation();
    expect(help).toMatch(/--no-on$/m);
    expect(help).toMatch(/--list <value> +\(list of numbers; may be repeated, or JSON\)$/m);
    expect(help).toMatch(/--param-limit <value> +\(number\)$/m);
    expect(help).not.toMatch(/--on /);
  });
});
