import { describe, expect, it } from 'vitest';
import { KvmnetError } from '../util/errors.ts';
import { compileValue, isDynamic } from './bind.ts';
import { LazyRecord, materialize, plainVars } from './lazy.ts';
import { getterLayer, LAYER_KINDS, sourceLayer, valueLayer, type LayerKind } from './layer.ts';
import { nodeOf, type MappingNode, type YamlNode } from './node.ts';
import { createScope } from './vars.ts';
import { parseYaml } from './yaml.ts';

const tree = (text: string): YamlNode => {
  const { root, diagnostics } = parseYaml(text, 'v.yml');
  expect(diagnostics).toEqual([]);
  if (root === undefined) throw new Error('empty');
  return root;
};
const source = (kind: LayerKind, text: string) => sourceLayer(kind, tree(text) as MappingNode);

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return `${error.code} ${error.at?.line}:${error.at?.column} ${error.message} | ${error.hint ?? ''}`;
  }
  throw new Error('it did not fail');
}

describe('precedence', () => {
  it.each(LAYER_KINDS.slice(1).map((kind, index) => [LAYER_KINDS[index], kind] as const))('%s < %s', (weak, strong) => {
    if (weak === undefined) throw new Error('no kind');
    const layers = [valueLayer(strong, { x: 'strong' }), valueLayer(weak, { x: 'weak', y: 'weak' })];
    const scope = createScope(layers);
    expect([scope.get('x'), scope.get('y')]).toEqual(['strong', 'weak']);
  });

  it('the later layer of one kind wins', () => {
    const scope = createScope([
      valueLayer('inventory-group', { x: 'parent' }),
      valueLayer('inventory-group', { x: 'child' }),
    ]);
    expect(scope.get('x')).toBe('child');
  });
});

describe('lazy rendering', () => {
  it('renders with what the reader sees', () => {
    const group = source('inventory-group', 'url: "http://{{ host }}:{{ port }}"\nport: !expr base + 1\nbase: 80');
    expect(createScope([group, valueLayer('set', { host: 'a' })]).get('url')).toBe('http://a:81');
    expect(createScope([group, valueLayer('set', { host: 'b', base: 90 })]).get('url')).toBe('http://b:91');
  });

  it('renders a variable once in a scope, and none that is not read', () => {
    let count = 0;
    const scope = createScope([
      getterLayer('magic', {
        counted: () => ++count,
        never: () => {
          throw new Error('read');
        },
      }),
      source('play', 'a: "{{ counted }}"\nb: !expr counted + a + a\nbroken: "{{ nope }}"'),
    ]);
    expect([scope.get('b'), scope.get('a'), count]).toEqual([3, 1, 1]);
    expect([...scope.names()]).toEqual(['counted', 'never', 'a', 'b', 'broken']);
    expect(scope.has('broken')).toBe(true);
    expect(scope.get('nope')).toBeUndefined();
  });

  it('never renders a value: what a host says stays text', () => {
    const scope = createScope([
      valueLayer('facts', { facts: { motd: '{{ secret }}' } }),
      source('play', 'a: "{{ facts.motd }}"\nb: !expr facts.motd\nc: !unsafe "{{ secret }}"\nsecret: 1'),
    ]);
    expect([scope.get('a'), scope.get('b'), scope.get('c')]).toEqual(['{{ secret }}', '{{ secret }}', '{{ secret }}']);
  });

  it.each([
    [
      'a: "{{ b }}"\nb: !expr c + 1\nc: "{{ a }}"',
      'template 1:4 variables that need one another: a → b → c → a | give one of them a value of its own',
    ],
    ['a: "{{ a }}"', 'template 1:4 variables that need one another: a → a | give one of them a value of its own'],
    ['a: "x{{ bb }}"\nb: 1', 'undefined-variable 1:9 "bb" is undefined | did you mean "b"?'],
    ['a: {x: [1, "{{ bb }}"]}\nb: 1', 'undefined-variable 1:16 "bb" is undefined | did you mean "b"?'],
    ['a: !expr q.w', 'undefined-variable 1:10 "q" is undefined'],
    ['a: "{{ #if }}"', 'template 1:8'],
  ])('%j', (text, expected) => {
    expect(failure(() => createScope([source('play', text)]).get('a'))).toContain(expected);
  });

  it('finds cycles through other hosts', () => {
    const text = 'a: "{{ hostvars.h2.b }}"\nb: "{{ hostvars.h1.a }}"';
    const layer = source('inventory-all', text);
    const hosts: Record<string, LazyRecord> = {};
    const magic = getterLayer('magic', { hostvars: () => hosts });
    for (const name of ['h1', 'h2']) hosts[name] = new LazyRecord(createScope([layer, magic]));
    expect(failure(() => hosts['h1']?.get('a'))).toContain('variables that need one another: a → a');
  });

  it('finds cycles through hosts whose scopes are made anew each time', () => {
    const layer = source('inventory-all', 'a: !expr hostvars.h2.b\nb: "{{ hostvars.h1.a }}"');
    const host = (): LazyRecord => new LazyRecord(createScope([layer, magic]));
    const magic = getterLayer('magic', {
      hostvars: () => new LazyRecord({ has: () => true, get: host, names: () => ['h1', 'h2'] }),
    });
    expect(failure(() => host().get('a'))).toMatch(/^template [12]:/);
    expect(failure(() => host().get('a'))).toContain('variables of several hosts need one another');
  });

  it('makes scopes in time that does not depend on the number of variables', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`v${i}`, i]));
    const layer = valueLayer('inventory-all', many);
    const started = performance.now();
    for (let i = 0; i < 10_000; i++) createScope([layer, valueLayer('task', {})]).get('v7');
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('binding', () => {
  const vars = plainVars({ n: 3, name: 'x', list: [1], key: 'k' });
  it.each<[string, unknown, boolean, string[]]>([
    ['{a: 1, b: [x, null]}', { a: 1, b: ['x', null] }, true, []],
    ['{a: "{{ n }}", b: "v{{ n }}", c: !expr n + 1}', { a: 3, b: 'v3', c: 4 }, false, ['n']],
    ['{a: "{{ list }}"}', { a: [1] }, false, ['list']],
    ['{"{{ key }}-{{ n }}": "{{ name }}"}', { 'k-3': 'x' }, false, ['key', 'n', 'name']],
    ['[!unsafe "{{ n }}", "{{ n }}"]', ['{{ n }}', 3], false, ['n']],
    ['!unsafe "{{ n }}"', '{{ n }}', true, []],
  ])('%s', (text, value, constant, roots) => {
    const node = tree(text);
    const bindable = compileValue(node);
    expect(bindable.bind(vars)).toEqual(value);
    expect([bindable.constant, [...bindable.roots].toSorted()]).toEqual([constant, roots]);
    expect(isDynamic(node)).toBe(!constant);
  });

  it('refuses keys that become the same', () => {
    expect(failure(() => compileValue(tree('{"{{ key }}": 1, k: 2}')).bind(vars))).toContain(
      'template 1:18 duplicate key "k" once the templates are rendered',
    );
  });

  it('reports every mistake when asked to', () => {
    const found: string[] = [];
    compileValue(tree('{a: "{{ b", c: !expr 1 +, "{{ d": 1, e: "{{ n }}"}'), {
      report: ({ code, at }) => found.push(`${code} ${at?.column}`),
    });
    expect(found.toSorted()).toEqual(['expression 25', 'template 31', 'template 9']);
  });

  it('binds what did not come from YAML', () => {
    const at = { file: '<command line>', line: 1, column: 1 };
    expect(compileValue(nodeOf({ a: ['{{ n }}', true, null] }, at)).bind(vars)).toEqual({ a: [3, true, null] });
  });

  it('freezes constants and writes out lazy records', () => {
    expect(Object.isFrozen(compileValue(tree('{a: 1}')).bind(vars))).toBe(true);
    expect(materialize({ a: [new LazyRecord(plainVars({ x: 1 }))] })).toEqual({ a: [{ x: 1 }] });
  });
});
