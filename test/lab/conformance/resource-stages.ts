import { apply } from '../../../src/sdk/testing/apply.ts';
import type { Played } from '../play-on.ts';
import { hostSandbox } from './host-sandbox.ts';
import { compare, leavesAlone, shown, status, view, type Scene as AnyScene, type Stage } from './stage.ts';
import type { StateTrial } from './subjects.ts';

type Scene = AnyScene<StateTrial>;

/** What a resource module promises, in the order in which it is tried. */
export function resourceStages({ subject, table }: StateTrial): readonly Stage<StateTrial>[] {
  // What the command does beside the module's own steps is the same for all examples of a module.
  const isFirst = Object.values(subject.table.examples)[0] === table;
  return [
    table.notUndone === undefined ? undoes : saysThatItCannotBeUndone,
    changesNothingInCheckMode,
    converges,
    staysConverged,
    ...(isFirst && table.notUndone === undefined ? [undoesByCommand] : []),
    repairs,
  ];
}

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
  if (table.notUndone === undefined) return [];
  const { tasks } = await playbook.play(['--check']);
  const warnings = tasks.flatMap((task) => task.warnings ?? []);
  return warnings.includes(table.notUndone) ? [] : [`it warns only of ${JSON.stringify(warnings)}`];
}

/** `--check` says what would be changed and changes nothing. Here as the documentation has it for the command line. */
async function changesNothingInCheckMode(scene: Scene): Promise<readonly string[]> {
  return await leavesAlone(scene, async () => status(await scene.playbook.adHoc(['--check']), 'would-change'));
}

/** Applying it changes the host, and plain tools show what was asked for. */
async function converges(scene: Scene): Promise<readonly string[]> {
  const { playbook, table, applied } = scene;
  applied.before = await view(scene);
  const played = await playbook.play();
  applied.run = runOf(played);
  const { look } = await view(scene);
  return [...status(played, 'changed'), ...shown(look, table.shows)];
}

/** The second time nothing is to be done, and nothing is written. */
async function staysConverged(scene: Scene): Promise<readonly string[]> {
  return await leavesAlone(scene, async () => status(await scene.playbook.play(), 'ok'));
}

/** What somebody else has changed is seen, and put right. */
async function repairs(scene: Scene): Promise<readonly string[]> {
  const { playbook, host, table } = scene;
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
