import pLimit from 'p-limit';
import { newRunId } from '../journal/run-id.ts';
import { runLock } from '../lock/host-lock.ts';
import { isInterrupt } from '../run/failure.ts';
import { RunContext } from '../run/run-context.ts';
import { endRun } from '../run/run-playbook.ts';
import { HostUndo } from './undo-host.ts';
import { playOf, type JournalledChange, type UndoInput } from './undo-input.ts';

/**
 * Takes back what a run has changed, on all given hosts at the same time, and reports it as a run of its own.
 * @throws only bugs: what fails on a host is an event
 */
export async function runUndo(input: UndoInput): Promise<void> {
  const started = performance.now();
  const { hosts, options, emit } = input;
  const run = input.journal?.id ?? newRunId();
  const { lock } = options;
  const context = new RunContext({ ...input, playbooks: [] }, [], lock && runLock(run, lock.who, lock.timeoutSeconds));
  const play = playOf(input.run);
  emit({
    type: 'run',
    id: run,
    check: options.check,
    diff: options.diff,
    playbooks: [],
    started: new Date().toISOString(),
  });
  emit({ type: 'play', play, hosts: hosts.map(({ name }) => name), batch: 1, batches: 1 });
  for (const { name } of hosts) context.recap.add(name);
  const changes = new Map<string, JournalledChange[]>();
  for (const change of input.changes) {
    const own = changes.get(change.host);
    if (own === undefined) changes.set(change.host, [change]);
    else own.push(change);
  }
  let interrupted = false;
  try {
    const limit = pLimit(options.forks);
    const ended = await Promise.allSettled(
      hosts.map((host) => limit(() => new HostUndo(context, input, host, changes.get(host.name) ?? []).run())),
    );
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  } catch (error) {
    if (!isInterrupt(error)) throw error;
    interrupted = true;
  } finally {
    await endRun(context, { run, interrupted, ms: () => Math.round(performance.now() - started) });
  }
}
