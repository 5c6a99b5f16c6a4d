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

it('covers every resource module and every example', () => {
  expect(mistakes).toEqual([]);
});

it('leaves to the vm tier what the documentation says, by name', () => {
  const held = subjects.flatMap(({ name, examples }) =>
    examples.flatMap(({ title, needs }) => (needs === undefined ? [] : [`${name}: ${title} (${needs})`])),
  );
  console.log(`held by the vm tier:\n${held.map((line) => `  ${line}\n`).join('')}`);
  expect(held).toEqual(subjects.flatMap(({ name }) => heldByPage(name)));
});

describe.skipIf(noLab())('every example of every resource module', () => {
  let lab: Lab;
  const hosts = new Map<Run, Host>();

  // All at once: it costs little more than one, and nobody is added to the inventory while others read it.
  beforeAll(async () => {
    ({ lab } = await useLab());
    for (const kind of ['bare', 'systemd'] as const) {
      const own = runs.filter(({ trial }) => (trial.subject.table.host ?? 'bare') === kind);
      if (own.length === 0) continue;
      const options = { prefix: `conform-${kind}-`, nics: { eth1: { segment: 'none' }, eth2: { segment: 'none' } } };
      const started = await (kind === 'bare'
        ? lab.bareHosts(own.length, options)
        : lab.systemdHosts(own.length, options));
      for (const [i, run] of own.entries()) hosts.set(run, started[i] as Host);
    }
  });
  afterAll(async () => {
    await Promise.all([...hosts.values()].map((host) => host.remove()));
  });

  it.concurrent.each(runs)('$title', { timeout: 300_000 }, async (run) => {
    expect(await conform(run.trial, lab, hosts.get(run) as Host, run.options)).toEqual([]);
  });
});

function titleOf({ subject, example }: Trial): string {
  const { recorded } = subject.table;
  return `${example.title}${recorded === undefined ? '' : ` (against files made for it: ${recorded})`}`;
}

/** The examples that a module's page says are not tested here. */
function heldByPage(name: string): readonly string[] {
  const page = readFileSync(new URL(`../../docs/modules/${name}.md`, import.meta.url), 'utf8');
  const needs = { 'needs hardware': 'hardware', 'is tested in a virtual machine': 'vm' };
  const found = page.matchAll(
    /^```yaml\n([^]*?)\n```\n\nThis one (needs hardware|is tested in a virtual machine)\.$/gm,
  );
  return [...found].map(([, yaml = '', why = '']) => {
    const [task] = load(yaml) as readonly [{ readonly name: string }];
    return `${name}: ${task.name} (${needs[why as keyof typeof needs]})`;
  });
}
