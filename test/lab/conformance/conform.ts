import { apply } from '../../../src/sdk/testing/apply.ts';
import { differences, type Host, type Lab, type Snapshot } from '../index.ts';
import type { Played } from '../play-on.ts';
import { hostSandbox } from './host-sandbox.ts';
import { trialPlaybook, type TrialPlaybook } from './playbook.ts';
import type { Trial } from './subjects.ts';
import { watchDisk } from './written.ts';

/** The host as it is seen from outside. */
interface View {
  readonly snapshot: Snapshot;
  /** What the case's own look shows. It may fail: when the resource is not there, for one. */
  readonly look: string;
}

/**
 * One example of a module on a host of its own, through all that a module promises.
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
  const complaints: string[] = [];
  const playbook = trialPlaybook(trial, lab, host, options);
  // What the command does beside the module's own steps is the same for all examples of a module.
  const isFirst = Object.values(subject.table.examples)[0] === table;
  const stages: readonly Stage[] =
    table.acts === true
      ? [changesNothingInCheckMode, converges]
      : [
          table.notUndone === undefined ? undoes : saysThatItCannotBeUndone,
          changesNothingInCheckMode,
          converges,
          staysConverged,
          ...(isFirst && table.notUndone === undefined ? [undoesByCommand] : []),
          repairs,
        ];
  const applied: Applied = {};
  try {
    for (const setup of [subject.table.setup, table.setup]) {
      if (setup !== undefined) await host.read(['sh', '-euc', setup]);
    }
    for (const stage of stages) {
      const found = await stage({ ...trial, host, playbook, applied }).catch((error: unknown) => [String(error)]);
      complaints.push(...found.map((complaint) => `${stage.name}: ${complaint}`));
    }
  } finally {
    playbook.files.close();
  }
  return complaints;
}

/** The run that has applied the example, and what there was before it. */
interface Applied {
  run?: string | undefined;
  before?: View;
}

interface Scene extends Trial {
  readonly host: Host;
  readonly playbook: TrialPlaybook;
  readonly applied: Applied;
}
type Stage = (scene: Scene) => Promise<readonly string[]>;

/** Undo, taken by the module's own steps, leaves what was there before; only what undo itself keeps may stay. */
async function undoes(scene: Scene): Promise<readonly string[]> {
  const { subject, example, host, playbook } = scene;
  const { module } = subject;
  const before = await view(scene);
  const parsed: unknown = module.params.parse(example.params);
  const prepared: unknown = (await module.prepare?.(parsed, playbook.files)) ?? parsed;
  const applied = apply(module, example.params, hostSandbox(host), prepared);
  const changed = compare(before, await view(scene));
  applied.undo();
  return [
    ...(changed.length === 0 ? ['there was nothing to undo: applying it changed nothing'] : []),
    ...applied.left.map((change) => `applied, and still different: ${JSON.stringify(change)}`),
    ...compare(before, await view(scene)).map((line) => `not undone: ${line}`),
  ];
}

/** What cannot be taken back is said before it is done. */
async function saysThatItCannotBeUndone({ playbook, table }: Scene): Promise<readonly string[]> {
  if (table.acts === true || table.notUndone === undefined) return [];
  const { tasks } = await playbook.play(['--check']);
  const warnings = tasks.flatMap((task) => task.warnings ?? []);
  return warnings.includes(table.notUndone) ? [] : [`it warns only of ${JSON.stringify(warnings)}`];
}

/** `--check` says what would be changed and changes nothing. Here as the documentation has it for the command line. */
async function changesNothingInCheckMode(scene: Scene): Promise<readonly string[]> {
  const { playbook, host } = scene;
  const before = await view(scene);
  const written = await watchDisk(host);
  const checked = await playbook.adHoc(['--check']);
  return [
    ...status(checked, 'would-change'),
    ...(await written()).map((path) => `written: ${path}`),
    ...compare(before, await view(scene)),
  ];
}

/** Applying it changes the host, and plain tools show what was asked for. */
async function converges(scene: Scene): Promise<readonly string[]> {
  const { playbook, table, applied } = scene;
  applied.before = await view(scene);
  const played = await playbook.play();
  applied.run = runOf(played);
  const { look } = await view(scene);
  const shown = typeof table.shows === 'string' ? look === table.shows : table.shows.test(look);
  return [...status(played, 'changed'), ...(shown ? [] : [`plain tools show ${JSON.stringify(look)}`])];
}

/** The second time nothing is to be done, and nothing is written. */
async function staysConverged(scene: Scene): Promise<readonly string[]> {
  const { playbook, host } = scene;
  const before = await view(scene);
  const written = await watchDisk(host);
  const played = await playbook.play();
  return [
    ...status(played, 'ok'),
    ...(await written()).map((path) => `written: ${path}`),
    ...compare(before, await view(scene)),
  ];
}

/** What somebody else has changed is seen, and put right. */
async function repairs(scene: Scene): Promise<readonly string[]> {
  const { playbook, host, table } = scene;
  if (table.acts === true) return [];
  const before = await view(scene);
  await host.read(['sh', '-euc', table.spoil]);
  if (compare(before, await view(scene)).length === 0) return ['the spoiling command of the case changes nothing'];
  const check = await playbook.play(['--check', '--diff']);
  const played = await playbook.play();
  const left = compare(before, await view(scene));
  return [
    ...status(check, 'would-change'),
    ...status(played, 'changed'),
    ...left.filter((line) => table.leaves?.test(line) !== true).map((line) => `not repaired: ${line}`),
  ];
}

/** The command takes back the run that has applied it, and then that undo. */
async function undoesByCommand(scene: Scene): Promise<readonly string[]> {
  const { playbook, applied } = scene;
  if (applied.run === undefined || applied.before === undefined) return [];
  const converged = await view(scene);
  const undone = await playbook.undo(applied.run);
  const left = compare(applied.before, await view(scene));
  const problems = [...status(undone, 'changed'), ...left.map((line) => `not undone: ${line}`)];
  const redone = await playbook.undo(runOf(undone) ?? '');
  return [
    ...problems,
    ...status(redone, 'changed'),
    // Where the kernel notes a bridge's own address depends on which port came first.
    ...compare(converged, await view(scene))
      .filter((line) => !line.startsWith('fdb'))
      .map((line) => `not brought back: ${line}`),
  ];
}

const runOf = ({ events }: Played): string | undefined => events.find((event) => event.type === 'run')?.id;

async function view({ host, table }: Scene): Promise<View> {
  const { stdout } = await host.outside(['sh', '-c', table.look]);
  return { snapshot: await host.snapshot(), look: stdout };
}

/** What undo keeps on the host is no part of what it takes back. */
const compare = (before: View, now: View): readonly string[] => [
  ...differences(before.snapshot, now.snapshot).filter((line) => !line.includes('/var/lib/kvmnet')),
  ...(before.look === now.look ? [] : [`plain tools showed ${quoted(before.look)}, and now ${quoted(now.look)}`]),
];

const quoted = (text: string): string => JSON.stringify(text);

function status(played: Played, wanted: string): readonly string[] {
  const [task, ...more] = played.tasks;
  if (task?.status === wanted && more.length === 0 && played.code === 0) return [];
  const why = task?.failure === undefined ? JSON.stringify(task?.changes ?? []) : JSON.stringify(task.failure);
  return [`it is ${task?.status ?? 'not run'} (exit ${played.code}), not ${wanted}: ${why} ${played.stderr}`];
}
