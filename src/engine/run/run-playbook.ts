import { newRunId } from '../journal/run-id.ts';
import { runLock } from '../lock/host-lock.ts';
import { isInterrupt } from './failure.ts';
import type { RunInput, RunOutcome } from './options.ts';
import { RunContext } from './run-context.ts';
import { runPlay } from './run-play.ts';

/**
 * Runs playbooks, one after the other, and reports all that happens as events; the last one is the recap.
 * @throws only bugs: what fails on a host is an event
 */
export async function runPlaybooks(input: RunInput): Promise<RunOutcome> {
  const started = performance.now();
  const run = input.journal?.id ?? newRunId();
  const { lock } = input.options;
  const context = new RunContext(input, [], lock && runLock(run, lock.who, lock.timeoutSeconds));
  context.emit({
    type: 'run',
    id: run,
    check: input.options.check,
    diff: input.options.diff,
    playbooks: input.playbooks.map(({ file }) => file),
    started: new Date().toISOString(),
  });
  let interrupted = false;
  try {
    await runPlays(context);
    if (context.searchingStart) {
      context.emit({
        type: 'warning',
        message: `no task has the name "${input.options.startAtTask ?? ''}": nothing was run`,
      });
    }
  } catch (error) {
    if (!isInterrupt(error)) throw error;
    interrupted = true;
  } finally {
    await endRun(context, { run, interrupted, ms: () => Math.round(performance.now() - started) });
  }
  const statuses = [...context.lost.values()];
  return {
    failed: statuses.includes('failed'),
    unreachable: statuses.includes('unreachable'),
    changed: context.changed,
    interrupted,
  };
}

async function runPlays(context: RunContext): Promise<void> {
  for (const playbook of context.input.playbooks) {
    for (const play of playbook.plays) if (!(await runPlay(context, play))) return;
  }
}

interface Ending {
  readonly run: string;
  readonly interrupted: boolean;
  readonly ms: () => number;
}

/** Ends all sessions and says how each host has fared. */
export async function endRun(context: RunContext, { run, interrupted, ms }: Ending): Promise<void> {
  const sessions = new Map([...context.sessions()].map((session) => [session.name, session]));
  const hosts = context.recap.result((name) => ({
    reboots: sessions.get(name)?.reboots ?? 0,
    reboot_pending: sessions.get(name)?.pending.length ?? 0,
    round_trips: sessions.get(name)?.roundTrips ?? 0,
  }));
  const pending = Object.fromEntries(
    [...sessions].filter(([, s]) => s.pending.length > 0).map(([name, s]) => [name, s.pending]),
  );
  for (const { name, window } of context.sessions()) {
    if (window === undefined) continue;
    const tasks = window.tasks.map((task) => `"${task}"`).join(', ');
    const message = `${tasks} not confirmed: the host takes it back by itself within ${window.windowSeconds} s`;
    context.emit({ type: 'warning', host: name, message });
  }
  await context.close();
  const recap = { type: 'recap', hosts, ms: ms(), pending, run, ...(interrupted ? { interrupted } : {}) } as const;
  context.input.journal?.end(recap);
  context.emit(recap);
}
