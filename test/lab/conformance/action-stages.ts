import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskEvent } from '../../../src/engine/index.ts';
import type { Played } from '../play-on.ts';
import type { Ending } from './module-case.ts';
import { ended, leavesAlone, quoted, shown, status, view, type Scene as AnyScene, type Stage } from './stage.ts';
import type { ActionTrial } from './subjects.ts';

type Scene = AnyScene<ActionTrial>;

/**
 * `--check` changes nothing: what looks gives its answer, what changes something says that it would. As the documentation
 * has it for the command line, where the example does not need other tasks before it.
 */
async function givesItsAnswerInCheckMode(scene: Scene): Promise<readonly string[]> {
  const { table, playbook } = scene;
  const due = table.checked ?? (isLook(scene) ? table.gives : 'would-change');
  return await leavesAlone(scene, async () => {
    if (table.play?.before !== undefined) {
      const played = await playbook.play(['--check']);
      return ended(played, table.play.before.length, due);
    }
    const checked = await playbook.adHoc(['--check']);
    const brought = Object.keys(table.brings ?? {}).filter((name) => existsSync(onController(scene, name)));
    return [...status(checked, due), ...brought.map((name) => `it has brought ${name}`)];
  });
}

/** A run does what the example says, as plain tools show, and what comes after it in the play sees that. */
async function does(scene: Scene): Promise<readonly string[]> {
  return await runs(scene, scene.table.gives, scene.table.meanwhile);
}

/** Once more: what looks gives the same answer, what acts does so again, unless there is nothing left to do. */
async function doesSoAgain(scene: Scene): Promise<readonly string[]> {
  return await runs(scene, scene.table.again ?? scene.table.gives);
}

export const actionStages: readonly Stage<ActionTrial>[] = [givesItsAnswerInCheckMode, does, doesSoAgain];

/** It never changes anything on the host. */
const isLook = ({ subject }: Scene): boolean => subject.kind === 'action' && subject.module.effect === 'none';

async function runs(scene: Scene, gives: Ending, meanwhile?: string): Promise<readonly string[]> {
  const { host, playbook, table } = scene;
  const run = async (): Promise<readonly string[]> => {
    const [played] = await Promise.all([
      playbook.play(),
      ...(meanwhile === undefined ? [] : [host.read(['sh', '-euc', meanwhile])]),
    ]);
    const before = table.play?.before?.length ?? 0;
    return [
      ...ended(played, before, gives),
      ...(await comesAfter(played, before + 1, table.follows ?? [])),
      ...(await isRegistered(scene, played.tasks[before])),
      ...(await isBrought(scene)),
    ];
  };
  const boot = host.bootId();
  const acts = !isLook(scene) && (table.does !== undefined || table.reboots === true);
  const complaints = await (acts || meanwhile !== undefined ? run() : leavesAlone(scene, run));
  const due = table.reboots === true && statusOf(gives) === 'changed';
  return [
    ...complaints,
    ...((host.bootId() !== boot) === due ? [] : [due ? 'it is the same boot' : 'it has rebooted']),
    ...(table.does === undefined ? [] : shown((await view(scene)).look, table.does.shows)),
  ];
}

const statusOf = (ending: Ending): string => (typeof ending === 'string' ? ending : ending.status);

async function comesAfter(played: Played, from: number, follows: readonly Ending[]): Promise<readonly string[]> {
  const more = played.tasks.slice(from + follows.length).map(({ task }) => `after it comes ${quoted(task)} as well`);
  return [...follows.flatMap((ending, n) => ended(played, from + n, ending)), ...more];
}

/** What `register` would keep is what plain tools say. */
async function isRegistered({ host, table }: Scene, task: TaskEvent | undefined): Promise<readonly string[]> {
  const all = Object.entries(table.registers ?? {}).map(async ([path, look]) => {
    const told = (await host.read(['sh', '-euc', look])).trimEnd();
    const kept = at(task?.result, path);
    return String(kept) === told ? [] : [`${path} is ${quoted(kept)}, and plain tools say ${quoted(told)}`];
  });
  return (await Promise.all(all)).flat();
}

/** The files on the controller hold what plain tools read on the host. */
async function isBrought(scene: Scene): Promise<readonly string[]> {
  const { host, table } = scene;
  const all = Object.entries(table.brings ?? {}).map(async ([name, look]) => {
    const path = onController(scene, name);
    if (!existsSync(path)) return [`there is no ${name}`];
    const told = await host.read(['sh', '-euc', look]);
    const held = readFileSync(path, 'utf8');
    return held === told ? [] : [`${name} holds ${quoted(held)}, and plain tools say ${quoted(told)}`];
  });
  return (await Promise.all(all)).flat();
}

const onController = ({ playbook, host }: Scene, name: string): string =>
  join(playbook.files.root, name.replace('HOST', host.name));

/** By a name, which may hold dots itself, or a path of names. */
function at(value: unknown, path: string): unknown {
  const here = value as Readonly<Record<string, unknown>> | undefined;
  if (here === undefined || path in here) return here?.[path];
  return path.split('.').reduce<unknown>((inner, name) => (inner as typeof here | undefined)?.[name], here);
}
