import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileValue, parseYaml, plainVars, type MappingNode } from '../lang/index.ts';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { modules } from './testing/modules.ts';
import { validateParams } from './validate-params.ts';

const vxlan = await modules.get('vxlan');

function judge(text: string, vars: Record<string, unknown>): unknown {
  const root = parseYaml(text, 'f.yml').root as MappingNode;
  if (vxlan === undefined) throw new Error('no module');
  return validateParams(vxlan, compileValue(root).bind(plainVars(vars)), root);
}

function failure(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    const all = error instanceof DiagnosticsError ? error.diagnostics : [error];
    return all.map(({ code, at, message, hint }) => `${code} ${at?.line}:${at?.column} ${message} | ${hint ?? ''}`);
  }
  return [];
}

describe('bound parameters', () => {
  it('become what the schema makes of them', () => {
    expect(judge('{ name: "vx{{ n }}", vni: "{{ n }}", learning: "{{ l }}" }', { n: 7, l: 'no' })).toEqual({
      name: 'vx7',
      vni: 7,
      learning: false,
    });
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    [
      'name: "{{ x }}"\nvni: 1',
      { x: 5 },
      ['params 1:7 vxlan: name: expected a text, not the number 5 | put it into quotes: "{{ x }}"'],
    ],
    [
      'name: a\nvni: 1\nvfs: "{{ x }}"',
      { x: [{ id: 1 }] },
      ['params 3:6 vxlan: the parameter "vfs[0].mac" is missing | '],
    ],
    [
      'name: a\nvni: 1\nvfs:\n  - { id: "{{ x }}", mac: 2, foo: 1 }',
      { x: 'y' },
      [
        'params 4:11 vxlan: vfs[0].id: expected a number, not the text "y" | ',
        'params 4:27 vxlan: vfs[0].mac: expected a text, not the number 2 | put it into quotes: "2"',
        'params 4:30 vxlan: unknown parameter "foo" in vfs[0] | known: id, mac',
      ],
    ],
  ])('%j with %j', (text, vars, expected) => {
    expect(failure(() => judge(text, vars))).toEqual(expected);
  });

  it('without a text of their own are judged as well', () => {
    const module = { name: 'm', params: z.strictObject({ a: z.number() }) };
    expect(validateParams(module, { a: 1 })).toEqual({ a: 1 });
    expect(failure(() => validateParams(module, { a: 'x', b: 1 }))).toEqual([
      'params 1:1 m: a: expected a number, not the text "x" | ',
      'params 1:1 m: unknown parameter "b" | known: a',
    ]);
  });

  const some = (item: z.ZodType): z.ZodType => z.union([item, z.array(item)]);
  it.each<[z.ZodType, unknown, string]>([
    [z.array(z.string()).min(1), [], 'm: a: it is empty'],
    [z.array(z.string()).min(2), ['x'], 'm: a: expected at least 2 items'],
    [z.array(z.string()).max(1), ['x', 'y'], 'm: a: expected at most 1 item'],
    [z.string().min(1), '', 'm: a: it is empty'],
    [z.string().max(3), 'long', 'm: a: expected at most 3 characters'],
    // A list, as it may be one: only an item of it is wrong.
    [some(z.string()), ['x', 1], 'm: a[1]: expected a text, not the number 1'],
    [some(z.string()), true, 'm: a: expected a text or a list, not true'],
    [z.array(some(z.number())), [1, [2, 'x']], 'm: a[1][1]: expected a number, not the text "x"'],
  ])('are refused in plain words: %#', (schema, a, says) => {
    const [message] = failure(() => validateParams({ name: 'm', params: z.strictObject({ a: schema }) }, { a }));
    expect(message?.split(' | ')[0]).toBe(`params 1:1 ${says}`);
  });
});
