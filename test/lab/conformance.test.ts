import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conform } from './conformance/conform.ts';
import { loadSubjects, trialsOf, type Trial } from './conformance/subjects.ts';
import type { Host, Lab } from './index.ts';
import { noLab, useLab } from './use-lab.ts';

const { subjects, mistakes } = await loadSubjects();

interface Run {
  readonly trial: Trial;
  readonly options: readonly string[];
  readonly title: string;
}
const asRoot = subjects
  .flatMap(trialsOf)
  .map((trial): Run => ({ trial, options: [], title: `${trial.subject.name}: ${titleOf(trial)}` }));

// The first example of some, each by another kind of login shell.
const become = {
  auto: 'sysctl',
  dashy: 'copy',
  busy: 'vxlan',
  noisy: 'iptables',
  cshell: 'template',
  fisher: 'ovs_port',
};
const asUser = Object.entries(become).flatMap(([user, name]): Run[] => {
  const trial = asRoot.find((run) => run.trial.subject.name === name)?.trial;
  if (trial === undefined) return [];
  return [{ trial, options: ['-b', '-e', `kvmnet_user=${user}`], title: `${name}, ${user} with sudo` }];
});
const runs = [...asRoot, ...asUser];

it('covers every module, every action and every example', () => {
  expect(mistakes).toEqual([]);
});

it('leaves to the vm tier what the documentation says, by name', () => {
  const held = subjects.flatMap(({ name, examples }) =>
    examples.flatMap(({ title, needs }) => (needs === undefined ? [] : [`${name}: ${title} (${needs})`])),
  );
  console.log(`held by the vm tier:\n${held.map((line) => `  ${line}\n`).join('')}`);
  expect(held).toEqual(subjects.flatMap(({ name }) => heldByPage(name)));
});

// Bare hosts cost little; systemd has a few inotify instances each, of which the kernel gives 128 to one user by default.
const waves = [
  {
    kind: 'bare',
    title: 'every example of every module and action',
    runs: runs.filter((run) => kindOf(run) === 'bare'),
  },
  ...chunks(
    runs.filter((run) => kindOf(run) === 'systemd'),
    8,
  ).map((some, i) => ({ kind: 'systemd', title: `what needs systemd, part ${i + 1}`, runs: some })),
] as const;

describe.skipIf(noLab()).each(waves)('$title', { timeout: 300_000 }, ({ kind, runs }) => {
  let lab: Lab;
  const hosts = new Map<Run, Host>();

  // All at once: it costs little more than one, and nobody is added to the inventory while others read it.
  beforeAll(async () => {
    ({ lab } = await useLab());
    const options = { prefix: 'conform', nics: { eth1: { segment: 'none' }, eth2: { segment: 'none' } } };
    const started = await lab[kind === 'bare' ? 'bareHosts' : 'systemdHosts'](runs.length, options);
    for (const [i, run] of runs.entries()) hosts.set(run, started[i] as Host);
  });
  afterAll(async () => {
    await Promise.all([...hosts.values()].map((host) => host.remove()));
  });

  it.concurrent.each(runs)('$title', async (run) => {
    expect(await conform(run.trial, lab, hosts.get(run) as Host, run.options)).toEqual([]);
  });
});

function kindOf({ trial }: Run): 'bare' | 'systemd' {
  return trial.subject.table.host ?? 'bare';
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

function titleOf({ subject, example }: Trial): string {
  const recorded = subject.kind === 'module' ? subject.table.recorded : undefined;
  return `${example.title}${recorded === undefined ? '' : ` (against files made for it: ${recorded})`}`;
}

/** The examples that a module's page says are not tested here. */
function heldByPage(name: string): readonly string[] {
  const page = readFileSync(new URL(`../../docs/modules/${name}.md`, import.meta.url), 'utf8');
  const needs = { 'needs hardware': 'hardware', 'is tested in a virtual machine': 'vm' };
  const found = page.matchAll(
    /^```yaml\n([^`]*?)\n```\n\nThis one (needs hardware|is tested in a virtual machine)\.$/gm,
  );
  return [...found].map(([, yaml = '', why = '']) => {
    const [task] = load(yaml) as readonly [{ readonly name: string }];
    return `${name}: ${task.name} (${needs[why as keyof typeof needs]})`;
  });
}
