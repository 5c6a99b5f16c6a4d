import { differences, type Host, type Snapshot } from '../index.ts';
import type { Played } from '../play-on.ts';
import type { Ending } from './module-case.ts';
import type { TrialPlaybook } from './playbook.ts';
import type { Trial } from './subjects.ts';
import { watchDisk } from './written.ts';

/** The host as it is seen from outside. */
export interface View {
  readonly snapshot: Snapshot;
  /** What the case's own look shows. It may fail: when the resource is not there, for one. */
  readonly look: string;
}

/** The run that has applied the example, and what there was before it. */
export interface Applied {
  run?: string | undefined;
  before?: View;
}

/** What a stage has to do with. */
export type Scene<T extends Trial = Trial> = T & {
  readonly host: Host;
  readonly playbook: TrialPlaybook;
  readonly applied: Applied;
  /** sh of the case that shows what is there. */
  readonly look: string;
};

/** One part of what is promised. @returns where the promise is not kept; its name is shown before each */
export type Stage<T extends Trial = Trial> = (scene: Scene<T>) => Promise<readonly string[]>;

export async function view({ host, look }: Pick<Scene, 'host' | 'look'>): Promise<View> {
  const { stdout } = await host.outside(['sh', '-c', look]);
  return { snapshot: await host.snapshot(), look: stdout };
}

/** What undo keeps on the host is no part of what it takes back. */
export const compare = (before: View, now: View): readonly string[] => [
  ...differences(before.snapshot, now.snapshot).filter((line) => !line.includes('/var/lib/kvmnet')),
  ...(before.look === now.look ? [] : [`plain tools showed ${quoted(before.look)}, and now ${quoted(now.look)}`]),
];

/** Runs something that must not change the host, nor write anything on its disk. */
export async function leavesAlone(
  scene: Pick<Scene, 'host' | 'look'>,
  run: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const before = await view(scene);
  const written = await watchDisk(scene.host);
  const complaints = await run();
  return [...complaints, ...(await written()).map((path) => `written: ${path}`), ...compare(before, await view(scene))];
}

export const shown = (look: string, shows: string | RegExp): readonly string[] =>
  (typeof shows === 'string' ? look === shows : shows.test(look)) ? [] : [`plain tools show ${quoted(look)}`];

/** Whether a run of one task ended so. */
export function status(played: Played, wanted: Ending): readonly string[] {
  return played.tasks.length > 1 ? [`it has run ${played.tasks.length} tasks`] : ended(played, 0, wanted);
}

/** Whether the n-th task ended so, and the run with it. */
export function ended(played: Played, n: number, wanted: Ending): readonly string[] {
  const { status: due, says } = typeof wanted === 'string' ? { status: wanted, says: undefined } : wanted;
  const task = played.tasks[n];
  const words = [task?.failure?.message, task?.text, ...(task?.warnings ?? [])];
  const said = words.filter((text) => typeof text === 'string');
  const isSaid =
    says === undefined || said.some((text) => (typeof says === 'string' ? text === says : says.test(text)));
  if (task?.status === due && isSaid && played.code === (due === 'failed' ? 2 : 0)) return [];
  const why = JSON.stringify(task?.failure ?? (said.length > 0 ? said : (task?.changes ?? [])));
  return [`it is ${task?.status ?? 'not run'} (exit ${played.code}), not ${quoted(wanted)}: ${why} ${played.stderr}`];
}

export const quoted = (value: unknown): string => (value instanceof RegExp ? String(value) : JSON.stringify(value));
