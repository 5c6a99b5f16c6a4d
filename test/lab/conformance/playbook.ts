import { join } from 'node:path';
import { folderFiles, type FolderFiles } from '../../../src/sdk/testing/folder-files.ts';
import { exampleCommand } from '../../../src/cli/parameters/example-command.ts';
import type { Host, Lab } from '../index.ts';
import { commandOn, kvmnetOn, playOn, type Played } from '../play-on.ts';
import { isActionTrial, type Trial } from './subjects.ts';

/** A folder with a playbook of one task, as its author would have it. */
export interface TrialPlaybook {
  readonly files: FolderFiles;
  play(args?: readonly string[]): Promise<Played>;
  /** The same task as the documentation gives it for the command line. */
  adHoc(args?: readonly string[]): Promise<Played>;
  /** `kvmnet undo` of a run. */
  undo(run: string): Promise<Played>;
}

/** @param options - for every run: as which user, for example */
export function trialPlaybook(trial: Trial, lab: Lab, host: Host, options: readonly string[] = []): TrialPlaybook {
  const { subject, example, table } = trial;
  const { keywords, before = [], after = [], args: own = [] } = (isActionTrial(trial) && trial.table.play) || {};
  const files = folderFiles((text) => text.replaceAll('{{ inventory_hostname }}', host.name));
  for (const [name, text] of Object.entries(table.files ?? {})) files.put(name, text);
  const tasks = [...before, { name: example.title, [subject.name]: example.params, register: 'result' }, ...after];
  // JSON is YAML.
  files.put('site.yml', JSON.stringify([{ hosts: 'all', gather_facts: false, ...keywords, tasks }], null, 2));
  const command = exampleCommand(subject.module, example).replace(' PATTERN -i INVENTORY', ` ${host.name} "$@"`);
  const always = [...options, ...own];
  return {
    files,
    play: (args = []) => playOn(lab, join(files.root, 'site.yml'), host, [...always, ...args]),
    undo: (run) => kvmnetOn(lab, ['undo', run, ...options]),
    adHoc: (args = []) => commandOn(lab, command, [...always, ...args], { cwd: files.root }),
  };
}
