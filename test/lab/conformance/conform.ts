import type { Host, Lab } from '../index.ts';
import { actionStages } from './action-stages.ts';
import { trialPlaybook } from './playbook.ts';
import { resourceStages } from './resource-stages.ts';
import type { Applied, Scene } from './stage.ts';
import { isActionTrial, type Trial } from './subjects.ts';

/**
 * One example of a module on a host of its own, through all that a module or an action promises.
 * @param options - for every run of kvmnet
 * @returns where it does not keep it; empty when all is well
 */
export async function conform(
  trial: Trial,
  lab: Lab,
  host: Host,
  options?: readonly string[],
): Promise<readonly string[]> {
  const { subject, table } = trial;
  const playbook = trialPlaybook(trial, lab, host, options);
  const applied: Applied = {};
  const complaints: string[] = [];
  try {
    for (const setup of [subject.table.setup, table.setup]) {
      if (setup !== undefined) await host.read(['sh', '-euc', setup]);
    }
    for (const { name, run } of stagesOf(trial, { host, playbook, applied })) {
      const found = await run().catch((error: unknown) => [String(error)]);
      complaints.push(...found.map((complaint) => `${name}: ${complaint}`));
    }
  } finally {
    playbook.files.close();
  }
  return complaints;
}

function stagesOf(
  trial: Trial,
  common: Pick<Scene, 'host' | 'playbook' | 'applied'>,
): readonly { readonly name: string; readonly run: () => Promise<readonly string[]> }[] {
  if (isActionTrial(trial)) {
    const scene = { ...trial, ...common, look: trial.table.does?.look ?? ':' };
    return actionStages.map((stage) => ({ name: stage.name, run: () => stage(scene) }));
  }
  const scene = { ...trial, ...common, look: trial.table.look };
  return resourceStages(trial).map((stage) => ({ name: stage.name, run: () => stage(scene) }));
}
