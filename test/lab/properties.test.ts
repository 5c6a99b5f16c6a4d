import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { fileSlots, filesSetup, routingSetup, routingSlots } from './properties/files.ts';
import { linksSetup, linkSlots } from './properties/links.ts';
import { machinesSetup, machinesSlots } from './properties/machines.ts';
import { shapingSlots } from './properties/shaping.ts';
import type { Slot } from './properties/slot.ts';
import { switchesSetup, switchSlots } from './properties/switches.ts';
import { seed } from '../seed.ts';
import { noLab, useLab } from './use-lab.ts';

// For any valid parameters: apply, then check reports nothing. Each host holds one of each kind of resource, which is asked for
// in ever new ways, so that a change begins in whatever state the one before it has left.
const slots: readonly Slot[] = [...linkSlots, ...switchSlots, ...shapingSlots, ...fileSlots, ...routingSlots];
const setups = [linksSetup, switchesSetup, filesSetup, routingSetup];

/** More of them with `KVMNET_SEED=random KVMNET_RUNS=100`. */
const runs = Number(process.env['KVMNET_RUNS'] ?? 4);
const lanes = [
  ...['1', '2', '3'].map((lane) => ({ lane, kind: 'bare', slots, setups }) as const),
  { lane: 'with systemd', kind: 'systemd', slots: machinesSlots, setups: [machinesSetup] } as const,
].map((lane, i) => ({ ...lane, seed: seed + (i + 1) * 1_000_003 }));

interface Task {
  readonly name: string;
  readonly [module: string]: unknown;
}

const text = (value: unknown): string => JSON.stringify(value);

/** Of one run of the command: what is not as it should be, each with the task that it is about. */
function complaints(played: Played, tasks: readonly Task[], stage: string): readonly string[] {
  const bad = played.tasks.filter(({ status }) =>
    stage === 'check' ? status !== 'ok' : status !== 'ok' && status !== 'changed',
  );
  const found = bad.map(({ task, status, failure, changes }) => {
    const written = tasks.find(({ name }) => name === task);
    return `${stage}: ${status} ${text(failure?.message ?? changes)}\n  ${text(written)}`;
  });
  const all = played.tasks.length === tasks.length || found.length > 0;
  return all ? found : [`${stage}: exit ${played.code} ${played.stderr}`];
}

describe.skipIf(noLab())('whatever valid parameters', { timeout: 60_000 + runs * 60_000 }, () => {
  let lab: Lab;
  const hosts = new Map<string, Host>();
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-properties-'));
  beforeAll(async () => {
    ({ lab } = await useLab());
    for (const { lane, kind, setups } of lanes) {
      const start = kind === 'bare' ? lab.bareHosts : lab.systemdHosts;
      const [host] = await start.call(lab, 1, { prefix: 'property', nics: { eth1: { segment: 'none' } } });
      if (host === undefined) throw new Error('no host');
      hosts.set(lane, host);
      for (const setup of setups) await host.read(['sh', '-euc', setup]);
    }
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([...hosts.values()].map((host) => host.remove()));
  });

  it.concurrent.each(lanes)('applied, there is nothing left to do: lane $lane', async ({ lane, slots, seed: own }) => {
    const host = hosts.get(lane) as Host;
    const tasks = fc.tuple(...slots.map((slot) => slot.params)).map((given) =>
      given.map((params, i): Task => {
        const module = slots[i]?.module ?? '';
        return { name: `${i} ${module}`, [module]: params };
      }),
    );
    const found: string[] = [];
    for (const [run, some] of fc.sample(tasks, { seed: own, numRuns: runs }).entries()) {
      const here = join(folder, `${lane.replaceAll(' ', '-')}-${run}`);
      writeFileSync(
        `${here}.yml`,
        JSON.stringify([{ hosts: 'all', gather_facts: false, ignore_errors: true, tasks: some }]),
      );
      writeFileSync(join(folder, 'template.hbs'), 'host {{ inventory_hostname }}\nsecond line\n');
      const applied = complaints(await playOn(lab, `${here}.yml`, host, ['--no-confirm']), some, 'apply');
      const left = complaints(await playOn(lab, `${here}.yml`, host, ['--check']), some, 'check');
      found.push(...[...applied, ...left].map((line) => `run ${run}: ${line}`));
    }
    expect(found, `KVMNET_SEED=${seed} KVMNET_RUNS=${runs}`).toEqual([]);
  });
});
