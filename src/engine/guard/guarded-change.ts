import type { HostSession } from '../host/session.ts';
import type { TaskHost } from '../host/task-host.ts';
import { ConfirmWindow } from './confirm-window.ts';
import type { CrossingChange } from './crossing-change.ts';
import type { SessionEnds } from './window-scripts.ts';

/**
 * Makes a change that may cut the line on which it is sent: the undo is armed on the host first, the change runs apart from our
 * session, and only a new connection, over which the play's checks pass, calls the undo off. Where the next task is such a
 * change as well, all of that comes after the last one.
 * @throws KvmnetError code `taken-back` where the host is as it was before, `unreachable` where that could not be seen
 */
export const guardedChange = (change: CrossingChange, ends: SessionEnds, host: TaskHost): Promise<void> =>
  host.session.alone(async () => {
    const { session } = host;
    if (session.window?.fits(host) === false) await session.window.close('all tasks of the window');
    const window = (session.window ??= new ConfirmWindow(host, ends));
    await window.change(change, host);
    if (await host.guard.next(host)) window.keepOpen();
    else await window.close();
  });

/** What is no such change ends the row. @throws KvmnetError as `guardedChange` */
export async function endWindow(session: HostSession): Promise<void> {
  if (session.window === undefined) return;
  await session.alone(() => session.window?.close('all tasks of the window'));
}
