import type { Host } from '../../inventory/model.ts';
import type { Become } from '../../transport/types.ts';
import { crossedPath } from '../guard/crossed-path.ts';
import type { Environment } from '../host/probe-request.ts';
import { TaskHost } from '../host/task-host.ts';
import { ChangeLog } from '../journal/change-log.ts';
import type { RunContext } from '../run/run-context.ts';
import { resourceOf, type UndoTask } from './plan-host.ts';
import { playOf, type JournalledChange, type UndoInput } from './undo-input.ts';

interface UndoTaskHostOptions {
  readonly context: RunContext;
  readonly input: UndoInput;
  readonly host: Host;
  readonly change: JournalledChange;
  /** That in which the change was made. */
  readonly environment: Environment;
  /** Takes the numbers of the changes that are begun. */
  readonly begun: number[];
  /** The undos to come as the same user, the next one first. */
  readonly left: () => readonly UndoTask[];
  /** Says that what was taken back stands again, because nobody could confirm it. */
  readonly takenBack: (why: string) => void;
}

/** The host as the undo of one change sees it: as the user who made the change. */
export function undoTaskHost(options: UndoTaskHostOptions): TaskHost {
  const { context, input, host, change, environment, begun, left, takenBack } = options;
  const { check, diff, confirm } = input.options;
  const become = becomeOf(context, host, change);
  const session = context.session(host);
  return new TaskHost({
    session,
    become,
    environment,
    check,
    diff,
    timeout: undefined,
    signal: input.signal,
    ahead: () => {
      const next = left().slice(0, Math.min(session.cache(become).window, left().length));
      return Promise.resolve(next.flatMap((task) => resourceOf(task, input.run).requests.map(({ key }) => key)));
    },
    progress: (text, share) => context.emit({ type: 'progress', host: host.name, text, share }),
    guard: {
      ...confirm,
      confirm: () => Promise.resolve(undefined),
      task: { name: change.task, takenBack },
      next: async (taskHost) => {
        const [next] = left();
        if (next === undefined) return false;
        const resource = resourceOf(next, input.run);
        if (!resource.requests.every(({ key }) => taskHost.cache.has(key))) return false;
        const reading = resource.read((key) => taskHost.cache.get(key));
        return (await crossedPath(reading, taskHost)) !== undefined;
      },
    },
    changes:
      input.journal === undefined
        ? undefined
        : new ChangeLog({
            journal: input.journal,
            next: () => context.nextChange(),
            begun,
            quiet: change.noLog === true,
            become,
            task: { ...aboutOf(change, input.run), undoes: change.change },
          }),
  });
}

function becomeOf(context: RunContext, host: Host, { undo }: JournalledChange): Become | undefined {
  const become = 'sha256' in undo ? undo.become : undefined;
  return context.become(host, become === undefined ? { enabled: false } : { enabled: true, ...become });
}

const aboutOf = ({ host, task, module, at, item, role }: JournalledChange, run: string) => ({
  play: playOf(run),
  host,
  task,
  module,
  at,
  ...(item === undefined ? {} : { item }),
  ...(role === undefined ? {} : { role }),
});
