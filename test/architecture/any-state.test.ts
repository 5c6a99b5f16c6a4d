import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/engine/index.ts';
import { recordedReading, type RecordedCase } from '../../src/sdk/testing/recorded.ts';
import { KvmnetError } from '../../src/util/errors.ts';
import type { AnyResource, StateObject, Step } from '../../src/sdk/index.ts';
import { fileSlots, routingSlots } from '../lab/properties/files.ts';
import { linkSlots } from '../lab/properties/links.ts';
import { shapingSlots } from '../lab/properties/shaping.ts';
import { switchSlots } from '../lab/properties/switches.ts';
import { machineSlots } from './machine-slots.ts';

// What a module says must hold between any two states that were ever seen, and for any parameters on any host: it is refused in
// words, or there are steps a shell could run.
const folder = new URL('../../modules/', import.meta.url);
const recorded = readdirSync(folder).flatMap((name) => {
  const file = new URL(`${name}/cases/recorded.json`, folder);
  return existsSync(file) ? [{ name, cases: JSON.parse(readFileSync(file, 'utf8')) as readonly RecordedCase[] }] : [];
});
const slots = [...linkSlots, ...switchSlots, ...shapingSlots, ...fileSlots, ...routingSlots, ...machineSlots];
const registry = createRegistry();

const resource = async (name: string): Promise<AnyResource> => {
  const module = await registry.get(name);
  if (module?.kind !== 'module') throw new Error(`${name} is no resource module`);
  return module;
};

/** Undefined where the module refuses it. */
function unlessRefused<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch (error) {
    if (error instanceof KvmnetError) return undefined;
    throw error;
  }
}

/** Words that no command would have, but for a value that somebody has forgotten. */
const forgotten = /\b(?:undefined|NaN)\b|\[object |^null$/;
const wordsOf = (step: Step): readonly unknown[] => {
  if (step.kind === 'exec') return [...step.argv, step.stdin ?? ''];
  if (step.kind === 'snippet' || step.kind === 'wait') return [...step.args, 'stdin' in step ? (step.stdin ?? '') : ''];
  return step.kind === 'poke' ? [step.path, step.value] : [step.path];
};
const badWords = (steps: readonly Step[]): readonly unknown[] =>
  steps.flatMap(wordsOf).filter((word) => typeof word !== 'string' || forgotten.test(word) || word.includes('\0'));

describe.each(recorded)('$name', async ({ name, cases }) => {
  const module = await resource(name);
  const readings = cases.flatMap((one) => unlessRefused(() => ({ ...recordedReading(module, one), one })) ?? []);

  it('has a way from any state that was seen to any other', () => {
    for (const { p, seen, one } of readings) {
      const states: readonly (StateObject | null)[] = readings
        .filter((other) => JSON.stringify(Object.keys(other.p as object)) === JSON.stringify(Object.keys(p as object)))
        .map(({ now }) => now);
      for (const from of states) {
        for (const to of states) {
          const steps = unlessRefused(() => module.steps(from, to, p, seen)) ?? [];
          expect({ bad: badWords(steps), from, to, one: one.params ?? one.prepared }).toMatchObject({ bad: [] });
          const touched = module.touches?.(from, to, p) ?? 'none';
          if (touched !== 'none')
            expect((touched.links ?? []).filter((link: unknown) => typeof link !== 'string')).toEqual([]);
        }
      }
    }
  });

  // The probes of files depend on what they are asked; answers to others do not fit.
  // What is made where nothing was is as much as somebody has asked for.
  it('makes a thing of what little is said of it', () => {
    if (!readings.some(({ now }) => now === null)) return;
    const wants = readings.flatMap(({ p, now, seen }) => {
      const want = unlessRefused(() => module.want(p, now, seen) as object | null) ?? null;
      return want === null
        ? []
        : [new Set(Object.entries(want).flatMap(([key, value]) => (value === undefined ? [] : [key])))];
    });
    for (const { p, now, seen } of readings) {
      if (now === null) continue;
      for (const key of Object.keys(now).filter((name) => wants.some((keys) => !keys.has(name)))) {
        const { [key]: _left, ...rest } = now;
        for (const [from, to] of [
          [null, rest],
          [rest, now],
          [now, rest],
          [rest, null],
        ] as const) {
          const steps = unlessRefused(() => module.steps(from, to, p, seen)) ?? [];
          expect({ key, bad: badWords(steps) }).toEqual({ key, bad: [] });
        }
      }
    }
  });

  // The probes of files depend on what they are asked; answers to others do not fit.
  const own = slots.filter((slot) => slot.module === name && !['copy', 'file', 'template'].includes(name));
  it.each(own.map((slot, i) => ({ slot, i })))(
    'says steps or refuses, whatever the parameters: $i',
    async ({ slot }) => {
      const prepared = async (params: object): Promise<unknown> => {
        const p: unknown = module.params.parse(params);
        return (await module.prepare?.(p, {} as never)) ?? p;
      };
      const some = fc.sample(slot.params, { numRuns: 200 }).filter((given) => module.params.safeParse(given).success);
      expect(some.length).toBeGreaterThan(3);
      for (const params of some.slice(0, 25)) {
        const p = await prepared(params);
        for (const { outputs } of cases) {
          unlessRefused(() => {
            const { steps, back, touches } = recordedReading(module, { prepared: p, outputs });
            expect({ params, bad: badWords([...steps(), ...back()]) }).toEqual({ params, bad: [] });
            touches();
          });
        }
      }
    },
  );
});
