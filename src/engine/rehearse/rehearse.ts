import type { Host } from '../../inventory/model.ts';
import { valueLayer } from '../../lang/index.ts';
import type { Play } from '../../playbook/model.ts';
import { KvmnetError } from '../../util/errors.ts';
import { playFrames, type Frames } from '../run/frames.ts';
import type { RunInput } from '../run/options.ts';
import { RunContext } from '../run/run-context.ts';
import { selectHosts } from '../run/select-hosts.ts';
import { Findings } from './findings.ts';
import { rehearseNodes, type Rehearsal } from './rehearse-nodes.ts';
import { namesOfRun, type RunNames } from './run-names.ts';
import { unknownLayer } from './unknown.ts';

type RehearseInput = Pick<RunInput, 'playbooks' | 'inventory' | 'registry' | 'vault' | 'options'>;

/** So many hosts of a play are looked at one by one; of more, one for each set of groups and names of variables. */
const fewHosts = 8;

/**
 * Goes through the plays as a run would, without a connection: hosts are selected, conditions, loops and parameters are
 * bound as far as they depend on nothing that only the run will bring, files of the controller are looked up. So a
 * mistake in the last task is told before the first one has touched a host. What might be meant to fail (`ignore_errors`,
 * a block with `rescue`), what may never be reached, and what cannot be decided yet is left to the run.
 * @throws DiagnosticsError with the mistakes of all plays
 */
export async function rehearse(input: RehearseInput): Promise<void> {
  const run = namesOfRun(input.playbooks);
  const findings = new Findings();
  const context = new RunContext(
    {
      ...input,
      // Nothing of these is ever used: no task runs.
      transport: { connect: () => Promise.reject(new Error('a rehearsal connects to nothing')) },
      emit: () => undefined,
      ask: () => Promise.resolve(undefined),
      signal: new AbortController().signal,
    },
    [unknownLayer('set', run.names)],
  );
  for (const playbook of input.playbooks) {
    for (const play of playbook.plays) await rehearsePlay(context, play, run, findings);
  }
  findings.throwAll();
}

async function rehearsePlay(context: RunContext, play: Play, run: RunNames, findings: Findings): Promise<void> {
  let hosts: readonly Host[];
  try {
    hosts = selectHosts(context.input, play, () => undefined);
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    findings.add(error);
    return;
  }
  const names = hosts.map(({ name }) => name);
  const magic = valueLayer('magic', { play_hosts: names, playbook_dir: play.folder, ansible_play_hosts: names });
  const frames: Frames = { ...playFrames(play), layers: [magic] };
  for (const alike of hosts.length <= fewHosts ? hosts.map((host) => [host]) : groupAlike(hosts)) {
    const [host] = alike;
    if (host === undefined) continue;
    const concerns = { names: alike.map(({ name }) => name), of: hosts.length };
    const rehearsal: Rehearsal = { context, host, run, report: (error, at) => findings.add(error, at, concerns) };
    let reached = true;
    for (const section of [play.preTasks, play.tasks, play.postTasks]) {
      reached &&= await rehearseNodes(rehearsal, section, { frames, certain: true });
    }
    // Whether one is ever notified is not known.
    await rehearseNodes(rehearsal, play.handlers, { frames, certain: false });
  }
}

/** Hosts of the same groups with variables of the same names: what is undefined for one is so for all. */
function groupAlike(hosts: readonly Host[]): readonly (readonly Host[])[] {
  const groups = new Map<string, Host[]>();
  for (const host of hosts) {
    const own = host.layers.filter(({ kind }) => kind === 'inventory-host' || kind === 'playbook-host');
    const names = own.flatMap(({ values }) => [...values.keys()]).toSorted();
    const key = JSON.stringify([host.groups, names]);
    const alike = groups.get(key);
    if (alike === undefined) groups.set(key, [host]);
    else alike.push(host);
  }
  return [...groups.values()];
}
