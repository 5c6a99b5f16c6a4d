import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import { setUp } from './conformance/set-up.ts';
import { isActionTrial, loadSubjects, trialsOf, type StateTrial, type Trial } from './conformance/subjects.ts';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

const { subjects } = await loadSubjects();

// What others lie on comes first; the rest as it comes.
const order = ['package', 'service', 'sysctl', 'link', 'bridge', 'vxlan', 'ovs_bridge', 'ovs_port'];
const rank = ({ subject }: Trial): number => {
  const at = order.indexOf(subject.name);
  return at < 0 ? order.length : at;
};
const trials = subjects
  .flatMap((subject): readonly StateTrial[] => {
    if (subject.kind === 'action' || 'not' in subject.table.reboot) return [];
    const { reboot } = subject.table;
    const states = trialsOf(subject).filter((trial): trial is StateTrial => !isActionTrial(trial));
    return states.filter(({ example }) => reboot.includes(example.title));
  })
  .toSorted((a, b) => rank(a) - rank(b));

describe.skipIf(noLab())('a host with examples of all modules', { timeout: 300_000 }, () => {
  let lab: Lab;
  let host: Host;
  let files: FolderFiles;
  beforeAll(async () => {
    ({ lab } = await useLab());
    const nics = Object.fromEntries(['eth1', 'eth2', 'eth3', 'eth4'].map((nic) => [nic, { segment: 'none' }]));
    [host] = (await lab.systemdHosts(1, { prefix: 'conform-reboot-', nics })) as [Host];
    files = folderFiles();
    for (const { table } of trials) {
      for (const [name, text] of Object.entries(table.files ?? {})) files.put(name, text);
    }
    const tasks = trials.map(({ subject, example }) => ({
      name: titleOf({ subject, example }),
      [subject.name]: { ...example.params, ...subject.table.rebootParams },
    }));
    files.put('site.yml', JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }], null, 2));
    await setUp(host, trials);
  });
  afterAll(async () => {
    files.close();
    await host.remove();
  });

  const play = (...args: readonly string[]): Promise<Played> => playOn(lab, join(files.root, 'site.yml'), host, args);
  const shown = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      await Promise.all(
        trials.map(
          async (trial) => [titleOf(trial), (await host.outside(['sh', '-c', trial.table.look])).stdout] as const,
        ),
      ),
    );
  /** Tasks that are not as they should be, with what they say. */
  const others = (played: Played, status: string): readonly unknown[] =>
    played.tasks
      .filter((task) => task.status !== status)
      .map(({ task, status, changes, failure }) => ({ task, status, changes, failure }));

  it('has them all after one run, and nothing to do in the second', async () => {
    const first = await play();
    expect(others(first, 'changed')).toEqual([]);
    expect(first.tasks).toHaveLength(trials.length);
    expect(others(await play(), 'ok')).toEqual([]);
  });

  it('has them all after a reboot', async () => {
    const before = await shown();
    await host.reboot();
    await host.outside(['systemctl', 'is-system-running', '--wait']);
    const failed = await host.outside(['systemctl', '--failed', '--plain', '--no-legend']);
    expect(failed.stdout).toBe('');
    const check = await play('--check', '--exit-code');
    expect(others(check, 'ok')).toEqual([]);
    expect(check.code).toBe(0);
    expect(await shown()).toEqual(before);
  });

  it('has them all after a loss of power', async () => {
    await host.crash();
    await host.outside(['systemctl', 'is-system-running', '--wait']);
    expect(others(await play('--check'), 'ok')).toEqual([]);
  });
});

function titleOf({ subject, example }: Pick<Trial, 'subject' | 'example'>): string {
  return `${subject.name}: ${example.title}`;
}
