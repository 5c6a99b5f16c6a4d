import { describe, expect, it } from 'vitest';
import { KvmnetError } from '../util/errors.ts';
import { expressionFunctions } from './cel-environment.ts';
import { checkCondition, compileExpr, evaluateCondition } from './expression.ts';
import { LazyRecord, plainVars, type VarSource } from './lazy.ts';
import { originAt } from './source-text.ts';

const compile = (text: string) => compileExpr(text, originAt({ file: 'e', line: 1, column: 1, text }, text));

const vars = plainVars({
  n: 3,
  ratio: 2.5,
  two: 2,
  name: 'eth0',
  word: 'yes',
  flag: true,
  nothing: null,
  list: [1, 2, 3],
  names: ['a', 'b'],
  nested: [
    { id: 1, tags: ['x'] },
    { id: 2, tags: [] },
  ],
  facts: { net: { eth0: { mtu: 1500 }, eth1: {} } },
  big: '18446744073709551615',
});

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    return `${error.code} ${error.at?.line}:${error.at?.column} ${error.message} | ${error.hint ?? ''}`;
  }
  throw new Error('it did not fail');
}

describe('values', () => {
  it.each<[string, unknown]>([
    // Integers are integers on both sides.
    ['n + 1', 4],
    ['n / 2', 1],
    ['n == 3', true],
    ['n in list', true],
    ['list[0] + size(list)', 4],
    ['facts.net.eth0.mtu >= 1500 && n < 4', true],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['0xff', 255],
    // Numbers with a fraction mix with integers.
    ['ratio * n', 7.5],
    ['two * 1.5', 3],
    ['1 + ratio', 3.5],
    ['double(n) / 2.0', 1.5],
    ['int(ratio)', 2],
    ['n > ratio', true],
    // Lists and mappings pass through whole.
    ['list', [1, 2, 3]],
    ['facts', { net: { eth0: { mtu: 1500 }, eth1: {} } }],
    ['[n, name, null, {"a": ratio}]', [3, 'eth0', null, { a: 2.5 }]],
    ['nested.filter(x, size(x.tags) > 0).map(x, x.id)', [1]],
    [
      'list.map(x, list.map(y, x * y))',
      [
        [1, 2, 3],
        [2, 4, 6],
        [3, 6, 9],
      ],
    ],
    ['nested.exists(x, x.id == 2)', true],
    ['facts.net.map(k, k)', ['eth0', 'eth1']],
    ['list + [4]', [1, 2, 3, 4]],
    ['nested == [{"id": 1, "tags": ["x"]}, {"id": 2, "tags": []}]', true],
    ['facts.net["eth0"].mtu', 1500],
    ['"eth0" in facts.net', true],
    ['"eth9" in facts.net', false],
    ['has(facts.net.eth1.mtu)', false],
    ['facts.net.?eth9.?mtu.orValue(9000)', 9000],
    ['default(facts.net.eth9.mtu, 9000)', 9000],
    ['default(nothing, "x")', 'x'],
    ['default(nope, n)', 3],
    ['defined(n) && !defined(nope) && defined(facts.net.eth0.mtu) && !defined(facts.net.eth1.mtu)', true],
    ['cel.bind(x, n * 2, x + x)', 12],
    ['name.startsWith("eth") ? name.substring(3) : "none"', '0'],
    ['"a-b".split("-").join("/")', 'a/b'],
    ['timestamp("2024-01-01T00:00:00Z")', '2024-01-01T00:00:00.000Z'],
    ['duration("90s")', '90s'],
    ['{"a": 1}.a', 1],
    ['flag', true],
    ['type(n) == int && type(name) == string', true],
  ])('%s', (text, value) => {
    expect(compile(text).evaluate(vars)).toEqual(value);
  });
});

describe('functions', () => {
  it.each(expressionFunctions)('$signature', ({ example, result }) => {
    expect(JSON.stringify(compile(example).evaluate(vars))).toBe(result);
  });

  it.each([
    ['cidr_host("10.0.0.0/33", 1)', '"10.0.0.0/33" is not an address with a prefix length, such as 10.0.0.0/24'],
    ['cidr_host("10.0.0.0/30", 4)', '10.0.0.0/30 has no address number 4'],
    ['cidr_netmask("fd00::/64")', 'fd00::/64 is IPv6 and has no dotted netmask'],
    ['min([])', 'the list is empty'],
    ['sort([1, "a"])', 'only numbers or texts, not both, have an order'],
    [
      'env("KVMNET_NO_SUCH_VARIABLE")',
      'the environment has no KVMNET_NO_SUCH_VARIABLE: give a second argument for that case',
    ],
    ['lookup_file("no/such/file")', 'cannot read no/such/file: ENOENT'],
    ['regex_find("a", "(")', 'not a regular expression: ('],
    ['range(1000000)', 'range: 1000000 items are more than 100000'],
    ['from_json("{")', 'from_json: Expected property name'],
  ])('%s fails', (text, message) => {
    expect(failure(() => compile(text).evaluate(vars))).toContain(`expression 1:1 ${message}`);
  });
});

describe('mistakes found before anything runs', () => {
  it.each([
    ['', '1:1 the expression is empty | write a CEL expression'],
    ['n +', '1:4 the expression ends too early | an operand or a closing bracket is missing'],
    ['n and flag', '1:3 unexpected character: \'d\' | write && for "and"'],
    ['name == "a" or flag', '1:13'],
    ['n = 1', '1:3 unexpected character: = | write == to compare'],
    ['not flag', '1:5'],
    [
      'n | default(1)',
      '1:3 unexpected character: | | filters with | are Jinja: call a function, for example default(x, 1)',
    ],
    ['n is defined', 'write defined(x) for "x is defined"'],
    ['{{ n }}', 'an expression stands without {{ }}'],
    ["name == 'a", '1:9 a text is not closed | add the closing quote'],
    ['loop > 1', '1:1 "loop" is a reserved word of the expression language | rename the variable'],
    ['siz(list)', '1:1 unknown function "siz" | did you mean "size"?'],
    ['name.lowr()', '1:1 unknown function "lowr" | did you mean "lower"?'],
    ['frobnicate(n)', '1:1 unknown function "frobnicate" | see "kvmnet doc expressions" for the functions'],
    ['size(1)', '1:1 "size" does not take (integer) | see "kvmnet doc expressions" for its arguments'],
    ['"a" + 1', '1:1 text + integer is not defined | convert one of them: int(x), double(x) or string(x)'],
    ['flag && 1', "1:1 logical operator requires boolean operands, got 'integer' | compare it"],
    ['1 ? 2 : 3', "1:1 ternary condition must be boolean, got 'integer' | compare it"],
    ['has(n)', '1:5 has() invalid argument | write defined(x) for a variable; has() asks for a member: has(x.y)'],
  ])('%s', (text, expected) => {
    expect(failure(() => compile(text))).toMatch(/^expression /);
    expect(failure(() => compile(text))).toContain(expected);
  });
});

describe('mistakes found with the variables', () => {
  it.each([
    ['nn > 1', 'undefined-variable 1:1 "nn" is undefined | did you mean "n"?'],
    ['flag && nope', 'undefined-variable 1:9 "nope" is undefined'],
    // CEL itself would swallow these.
    ['nope || true', 'undefined-variable 1:1 "nope" is undefined'],
    ['list.exists(x, x == 3 || nope)', 'undefined-variable 1:26 "nope" is undefined'],
    [
      'facts.net.ethh0.mtu',
      'undefined-variable 1:11 "facts.net.ethh0" is undefined: there is no "ethh0" | did you mean "eth0"?',
    ],
    ['facts.net["eth7"]', '"facts.net["eth7"]" is undefined: there is no "eth7" | did you mean "eth0"?'],
    ['list[7]', 'expression 1:1 there is no item 7: the list has 3 | items count from 0'],
    ['name + n', 'expression 1:1 text + integer is not defined | convert one of them'],
    ['n / 0', 'expression 1:1 division by zero'],
    ['facts.?net', 'expression 1:1 the result is optional: add .orValue(…)'],
    ['b"a"', 'expression 1:1 the result is bytes: use string(…)'],
    ['int', 'expression 1:1 the result is a type, not a value'],
    ['True', 'undefined-variable 1:1 "True" is undefined | did you mean "true"?'],
  ])('%s', (text, expected) => {
    expect(failure(() => compile(text).evaluate(vars))).toContain(expected);
  });

  it('shows the place inside of a longer text', () => {
    expect(failure(() => compile('n > 1 &&\n  nope').evaluate(vars))).toContain('undefined-variable 2:3');
  });
});

describe('conditions', () => {
  it('gives the boolean', () => {
    expect(evaluateCondition(compile('n > 2'), vars)).toBe(true);
  });

  it.each([
    [
      'word',
      'the condition "word" gives the text "yes", not a boolean | write true or false, without quotes, where the variable is set',
    ],
    ['n', 'the condition "n" gives the number 3, not a boolean | compare it'],
    ['nothing', 'the condition "nothing" gives null, not a boolean'],
    ['list', 'the condition "list" gives a list, not a boolean'],
  ])('%s', (text, expected) => {
    expect(failure(() => evaluateCondition(compile(text), vars))).toContain(expected);
  });

  it.each(['1 + 1', '"a"', '[1]', '{"a": 1}'])('%s cannot be one', (text) => {
    expect(failure(() => checkCondition(compile(text)))).toContain('not a boolean');
  });

  it.each(['n', 'true', 'n > 1', 'default(n, 1) == 1'])('%s can be one', (text) => {
    expect(() => checkCondition(compile(text))).not.toThrow();
  });
});

describe('roots', () => {
  it.each<[string, string[]]>([
    ['groups.kvm.filter(h, h != me).map(h, hostvars[h].ip)', ['groups', 'hostvars', 'me']],
    ['xs.map(x, ys.filter(y, y == x))', ['xs', 'ys']],
    ['x + xs.map(x, x)[0]', ['x', 'xs']],
    ['cel.bind(t, z, t + u)', ['u', 'z']],
    ['has(a.b.c) && defined(d) && default(e.f, g)', ['a', 'd', 'e', 'g']],
    ['{k: v}', ['k', 'v']],
    ['optional.of(a).orValue(b)', ['a', 'b']],
    ['"text" + string(1)', []],
  ])('%s', (text, roots) => {
    expect([...compile(text).roots].toSorted()).toEqual(roots);
  });
});

describe('hostvars of many hosts', () => {
  const COUNT = 5000;
  const names = Array.from({ length: COUNT }, (_, i) => `h${i}`);
  const read: string[] = [];
  const host = (name: string): VarSource => ({
    has: (key) => key === 'ip' || key === 'facts',
    get(key) {
      if (key === 'facts') read.push(name);
      return key === 'ip' ? `10.0.0.${name}` : { huge: true };
    },
    names: () => ['ip', 'facts'],
  });
  const hostvars = new LazyRecord({
    has: (name) => names.includes(name),
    get: (name) => new LazyRecord(host(name)),
    names: () => names,
  });
  const scope = plainVars({ groups: { kvm: names }, hostvars, me: 'h1' });
  const few = new LazyRecord({ has: () => true, get: (n) => hostvars.get(n), names: () => names });

  it('reads what the expression names and nothing else', () => {
    const expr = compile('groups.kvm.filter(h, h != me).map(h, hostvars[h].ip)');
    const result = expr.evaluate({ ...scope, get: (n) => (n === 'hostvars' ? few : scope.get(n)) }) as string[];
    expect(result).toHaveLength(COUNT - 1);
    expect(result[1]).toBe('10.0.0.h2');
    expect(read).toEqual([]);
  });

  it('touches one host for one host', () => {
    const started = performance.now();
    const expr = compile('hostvars.h7.ip == "10.0.0.h7" && size(hostvars) > 0');
    for (let i = 0; i < 100; i++) expect(expr.evaluate(scope)).toBe(true);
    // 100 conversions of all hosts would take seconds.
    expect(performance.now() - started).toBeLessThan(1000);
    expect(read).toEqual([]);
  });

  it('an expression may read itself on another host', () => {
    const expr = compile('peers.map(p, hostvars[p].total).filter(t, t > 0).map(t, t + 1)');
    const inner: VarSource = plainVars({ peers: [], hostvars: {} });
    const outer = plainVars({
      peers: ['a', 'b'],
      hostvars: new LazyRecord({
        has: () => true,
        get: () => ({ total: (expr.evaluate(inner) as unknown[]).length + 1 }),
        names: () => ['a', 'b'],
      }),
    });
    expect(expr.evaluate(outer)).toEqual([2, 2]);
  });
});
