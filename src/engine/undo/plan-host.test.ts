import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineModule, exec, probe, type AnyResource, type ProbeOutput } from '../../sdk/index.ts';
import type { ChangeRecord } from '../journal/undo-record.ts';
import { planHost, type UndoTask } from './plan-host.ts';

/** A thing with a value, which may be set by way of other things. */
const thing = defineModule({
  name: 'thing',
  summary: 'A thing',
  params: z.strictObject({ name: z.string(), of: z.string().optional(), by: z.array(z.string()).default([]) }),
  examples: [],
  probes: (p) => ({ seen: probe(['look', p.name], ({ stdout }) => stdout) }),
  // Of some only a part is seen, as of a file the lines that a task is about.
  state: ({ seen }, p) => ({ value: p.of === undefined ? seen : `${p.of} of ${seen}` }),
  want: () => ({}),
  steps: (_, to, p) => [exec(['set', p.name, to?.value ?? '', ...p.by])],
}) as unknown as AnyResource;

const output = (stdout: string): ProbeOutput => ({ stdout, stderr: '', code: 0, bytes: Buffer.from(stdout) });

/** A change of a run, from one value to another. */
function change(number: number, params: object, before: string, after: string): UndoTask {
  const record: ChangeRecord = {
    module: 'thing',
    params: { by: [], ...params },
    persist: false,
    environment: {},
    before: { value: before },
    after: { value: after },
    outputs: { seen: output(before) },
  };
  const at = { file: 'site.yml', line: 1, column: 1 };
  const about = { play: 'p', task: 't', module: 'thing', at, host: 'a', change: number, changes: [] };
  const undo = { sha256: '', bytes: 0 };
  return { module: thing, record, change: { ...about, undo, settled: true } };
}

/** What is said of each change, the last one first, where all things have this value now. */
function plan(now: Readonly<Record<string, string>>, ...tasks: readonly UndoTask[]): readonly unknown[] {
  const { tasks: planned, obstacles } = planHost(tasks.toReversed(), 'run', false, () => (key) => {
    const [name] = Object.keys(now).filter((item) => key.includes(item));
    return output(now[name ?? ''] ?? '');
  });
  return planned.map(({ change: { change: number }, depends, assumed }) => {
    const obstacle = obstacles.get(number);
    const why = obstacle !== undefined && 'error' in obstacle ? (obstacle.error as Error).message : undefined;
    return why ?? (depends === true ? 'depends' : assumed === undefined ? 'as it is' : assumed.state);
  });
}

describe('before a run is taken back', () => {
  const moved = 'the host has moved on: value is "x", and the run had left "1"';

  it('what others have changed stands in the way', () => {
    expect(plan({ one: 'x' }, change(1, { name: 'one' }, '0', '1'))).toEqual([moved]);
    expect(plan({ one: '1' }, change(1, { name: 'one' }, '0', '1'))).toEqual(['as it is']);
  });
  it('also where the run has changed something else later', () => {
    const later = change(2, { name: 'two' }, '1', '2');
    expect(plan({ one: 'x', two: '2' }, change(1, { name: 'one' }, '0', '1'), later)).toEqual(['as it is', moved]);
  });
  it('a thing that the run has changed twice is judged as its last change found it', () => {
    const twice = [change(1, { name: 'one' }, '0', '1'), change(2, { name: 'one' }, '1', '2')];
    expect(plan({ one: '2' }, ...twice)).toEqual(['as it is', 'depends']);
  });
  it('one of which another task sees another part is judged when its turn comes', () => {
    const parts = [change(1, { name: 'one', of: 'a' }, 'a of 0', 'a of 1'), change(2, { name: 'one' }, '1', '2')];
    expect(plan({ one: '2' }, ...parts)).toEqual(['as it is', 'depends']);
  });
  it.each([
    ['which a later change names', {}, { by: ['one'] }],
    ['which names what a later change is about', { by: ['two'] }, {}],
    ['which names it with a version', { by: ['two=1.0'] }, {}],
    ['of which a later change names a version', {}, { by: ['one=1.0'] }],
  ])('so is one %s', (_what, first, second) => {
    const changes = [change(1, { name: 'one', ...first }, '0', '1'), change(2, { name: 'two', ...second }, '1', '2')];
    expect(plan({ one: 'x', two: '2' }, ...changes)).toEqual(['as it is', 'depends']);
  });
  it('numbers and texts in common are no reason', () => {
    const same = { by: ['0640', 'two words', '10.0.0.1'] };
    const flows = (n: number) => ({ by: [`in_port=p${n},actions=drop`] });
    const changes = [change(1, { name: 'one', ...same }, '0', '1'), change(2, { name: 'two', ...same }, '1', '2')];
    expect(plan({ one: 'x', two: '2' }, ...changes)).toEqual(['as it is', moved]);
    const alike = [
      change(1, { name: 'one', ...flows(1) }, '0', '1'),
      change(2, { name: 'two', ...flows(2) }, '1', '2'),
    ];
    expect(plan({ one: 'x', two: '2' }, ...alike)).toEqual(['as it is', moved]);
  });
});
