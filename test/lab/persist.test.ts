import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import { setUp } from './conformance/set-up.ts';
import { loadSubjects, trialsOf } from './conformance/subjects.ts';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

// An example of each module whose state the kernel forgets, of those that a host of the lab keeps over a boot.
const { subjects } = await loadSubjects();
const trials = subjects.flatMap((subject) => {
  if (subject.kind === 'action') return [];
  const titles = subject.table.reboot;
  if (subject.module.boot === undefined || 'not' in titles) return [];
  const trial = trialsOf(subject).find(({ example }) => titles.includes(example.title));
  const p = trial === undefined ? undefined : subject.module.params.parse(trial.example.params);
  return trial === undefined || subject.module.boot(p) === undefined ? [] : [{ ...trial, subject }];
});
/** Cards that stay: their settings can be left alone, not be absent. */
const stays = new Set(['ethtool', 'link']);

describe.skipIf(noLab())('boot units', { timeout: 300_000 }, () => {
  let lab: Lab;
  let host: Host;
  let files: FolderFiles;
  beforeAll(async () => {
    ({ lab } = await useLab());
    const nics = { eth1: { segment: 'none' }, eth2: { segment: 'none' } };
    [host] = (await lab.systemdHosts(1, { prefix: 'persist', nics })) as [Host];
    files = folderFiles();
    await setUp(host, trials);
  });
  afterAll(async () => {
    files.close();
    await host.remove();
  });

  const play = async (more: object, some = trials): Promise<Played> => {
    const tasks = some.map(({ subject, example }) => ({
      name: subject.name,
      [subject.name]: { ...example.params, ...more },
    }));
    files.put('site.yml', JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]));
    return await playOn(lab, join(files.root, 'site.yml'), host);
  };
  /** Modules that have a unit, each with its script, and whether systemd starts them. */
  const kept = async (): Promise<readonly string[]> => {
    const script = `cd /etc/systemd/system; for i in kvmnet-*.service; do [ -e "$i" ] || continue
  [ -x "/etc/kvmnet/boot/\${i%.service}.sh" ] && n=\${i#kvmnet-} && echo "\${n%%-*} $(systemctl is-enabled "$i")"
done; [ ! -d /etc/kvmnet/boot ] || [ "$(ls /etc/kvmnet/boot | wc -l)" = "$(ls -d kvmnet-*.service | wc -l)" ] || echo scripts without units`;
    return (await host.read(['sh', '-euc', script])).split('\n').filter((line) => line !== '');
  };
  const names = trials.map(({ subject }) => subject.name).toSorted();
  const enabled = names.map((name) => `${name} enabled`);
  const told = ({ tasks }: Played): readonly unknown[] =>
    tasks.map(({ module, status, changes, failure }) => [
      module,
      status,
      failure?.message ?? changes.some(({ path }) => path === 'boot'),
    ]);

  it('are not made with persist: false', async () => {
    expect(names).toEqual(['bridge', 'ethtool', 'iptables', 'link', 'ovs_flows', 'tc_htb', 'vxlan']);
    expect(told(await play({ persist: false }))).toEqual(trials.map(({ subject }) => [subject.name, 'changed', false]));
    expect(await kept()).toEqual([]);
  });

  it('are made where they lack, and that is a change', async () => {
    expect(told(await play({}))).toEqual(trials.map(({ subject }) => [subject.name, 'changed', true]));
    expect(await kept()).toEqual(enabled);
  });

  it('that are there stay with persist: false', async () => {
    expect(told(await play({ persist: false }))).toEqual(trials.map(({ subject }) => [subject.name, 'ok', false]));
    expect(await kept()).toEqual(enabled);
  });

  it('go with what is to be absent', async () => {
    const some = trials.filter(({ subject }) => !stays.has(subject.name));
    expect(told(await play({ state: 'absent' }, some))).toEqual(
      some.map(({ subject }) => [subject.name, 'changed', true]),
    );
    expect(await kept()).toEqual(enabled.filter((line) => stays.has(line.split(' ')[0] ?? '')));
  });

  it('of two tasks bring back what the second one says, which it tells', async () => {
    const tasks = [
      { name: 'one', link: { name: 'eth2', mtu: 1400 } },
      { name: 'two', link: { name: 'eth2', alias: 'storage' } },
      { name: 'the same', link: { name: 'eth2', alias: 'storage' } },
      { name: 'not for the next boot', link: { name: 'eth2', mtu: 1300, persist: false } },
    ];
    files.put('site.yml', JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]));
    const played = await playOn(lab, join(files.root, 'site.yml'), host);
    expect(played.tasks.map(({ status, warnings }) => [status, warnings])).toEqual([
      ['changed', undefined],
      [
        'changed',
        [
          'kvmnet-link-eth2.service brings back at boot only what this task says, no longer what "one" says: make one task of both, or give one of them persist: false',
        ],
      ],
      ['ok', undefined],
      ['changed', undefined],
    ]);
  });
});
