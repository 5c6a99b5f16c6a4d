import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { graphInventory, listInventory, loadInventory } from './index.ts';

// Each folder of `cases/` holds an inventory and what the real ansible-inventory said of it (see `cases/record`).
const CASES = join(import.meta.dirname, 'cases');
const names = readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(CASES, entry.name, 'case.json')))
  .map((entry) => entry.name);

describe.each(names)('%s, as the real ansible-inventory has it', (name) => {
  const cwd = join(CASES, name);
  const recorded = (file: string): string => readFileSync(join(cwd, file), 'utf8').trimEnd();
  const { sources, playbookDir } = JSON.parse(recorded('case.json')) as { sources: string[]; playbookDir?: string };
  const load = () =>
    loadInventory(sources, { cwd, playbookDir: playbookDir === undefined ? undefined : join(cwd, playbookDir) });

  it('--list', async () => {
    expect(listInventory(await load())).toBe(recorded('list.json'));
  });

  it('--graph', async () => {
    expect(graphInventory(await load())).toBe(recorded('graph.txt'));
  });

  const patterns = existsSync(join(cwd, 'patterns.json'))
    ? Object.entries(JSON.parse(recorded('patterns.json')) as Record<string, string[]>)
    : [];
  it.each(patterns)('pattern %s', async (pattern, hosts) => {
    const inventory = await load();
    expect(inventory.select(pattern).map((host) => host.name)).toEqual(hosts);
  });
});
