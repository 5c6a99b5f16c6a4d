import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conform } from './conformance/conform.ts';
import { loadSubjects, trialsOf, type Trial } from './conformance/subjects.ts';
import type { Host, Lab } from './index.ts';
import { noLab, useLab } from './use-lab.ts';

const { subjects, mistakes } = await loadSubjects();
const trials = subjects.flatMap(trialsOf);

it('covers every resource module and every example', () => {
  expect(mistakes).toEqual([]);
});

describe.skipIf(noLab())('every example of every resource module', () => {
  let lab: Lab;
  const hosts = new Map<Trial, Host>();

  // All at once: it costs little more than one, and nobody is added to the inventory while others read it.
  beforeAll(async () => {
    ({ lab } = await useLab());
    for (const kind of ['bare', 'systemd'] as const) {
      const own = trials.filter(({ subject }) => (subject.table.host ?? 'bare') === kind);
      if (own.length === 0) continue;
      const options = { prefix: `conform-${kind}-`, nics: { eth1: { segment: 'none' }, eth2: { segment: 'none' } } };
      const started = await (kind === 'bare'
        ? lab.bareHosts(own.length, options)
        : lab.systemdHosts(own.length, options));
      for (const [i, trial] of own.entries()) hosts.set(trial, started[i] as Host);
    }
  });
  afterAll(async () => {
    await Promise.all([...hosts.values()].map((host) => host.remove()));
  });

  describe.concurrent.each(subjects)('$name', { timeout: 300_000 }, (subject) => {
    const { recorded } = subject.table;
    const on = recorded === undefined ? '' : ` (against files made for it: ${recorded})`;
    it.each(trials.filter((trial) => trial.subject === subject))(`$example.title${on}`, async (trial) => {
      expect(await conform(trial, lab, hosts.get(trial) as Host)).toEqual([]);
    });
  });
});
