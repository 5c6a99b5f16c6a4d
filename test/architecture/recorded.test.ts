import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/engine/index.ts';
import type { AnyResource } from '../../src/sdk/index.ts';
import { replay, stepsOfNothing, type RecordedCase } from '../../src/sdk/testing/recorded.ts';

// Cases are added to the files alone: see `record` in src/sdk/testing/recorded.ts. Where a module is meant to say something
// else from now on, KVMNET_REWRITE=1 writes that into them, for the author to look at.
const folder = new URL('../../modules/', import.meta.url);
const recorded = readdirSync(folder).flatMap((name) => {
  const file = new URL(`${name}/cases/recorded.json`, folder);
  return existsSync(file)
    ? [{ name, file, cases: JSON.parse(readFileSync(file, 'utf8')) as readonly RecordedCase[] }]
    : [];
});
const registry = createRegistry();

function rewrite(module: AnyResource, file: URL, cases: readonly RecordedCase[]): readonly RecordedCase[] {
  const now = cases.map((one) => ({ ...one, gives: replay(module, one, one.outputs) }));
  writeFileSync(file, `${JSON.stringify(now, null, 1)}\n`);
  return now;
}

describe.each(recorded)('$name, of what real tools once answered,', async ({ name, file, cases: written }) => {
  const module = await registry.get(name);
  if (module?.kind !== 'module') throw new Error(`${name} is no resource module`);
  const cases = process.env['KVMNET_REWRITE'] === undefined ? written : rewrite(module, file, written);

  it.each(cases)('says the same: $params $prepared', ({ outputs, gives, ...asked }) => {
    expect(replay(module, asked, outputs)).toEqual(gives);
  });

  it.each(cases)('has nothing to do from a state to itself: $params $prepared', ({ outputs, ...asked }) => {
    expect(stepsOfNothing(module, asked, outputs)).toEqual([]);
  });
});
