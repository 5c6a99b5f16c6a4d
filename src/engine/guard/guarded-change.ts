import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KvmnetError } from '../../util/errors.ts';
import type { Step } from '../../sdk/index.ts';
import type { PartResult } from '../../transport/types.ts';
import type { TaskHost } from '../host/task-host.ts';
import { describeStep, RemoteCommandError } from '../remote-command-error.ts';
import type { Reading } from '../resource/reading.ts';
import { uploadContents } from '../resource/upload-contents.ts';
import { armedScripts, type ArmedScripts } from './armed-scripts.ts';

interface GuardedChange {
  readonly reading: Reading;
  /** What of our path it crosses, in words. */
  readonly crossings: readonly string[];
  readonly host: TaskHost;
  /** Reads the resource again and says what is still not as wanted, or undefined. */
  readonly verify: () => Promise<string | undefined>;
}

/**
 * Makes a change that may cut the line on which it is sent: the undo is armed on the host first, the change runs apart from our
 * session, and only a new connection, on which the change verifies and the play's checks pass, calls the undo off.
 * @throws KvmnetError code `taken-back` where the host is as it was before, `unreachable` where that could not be seen
 */
export async function guardedChange({ reading, crossings, host, verify }: GuardedChange): Promise<void> {
  const change = reading.steps();
  const { windowSeconds } = host.guard;
  const id = randomBytes(6).toString('hex');
  const uploads = await uploadContents(change, host);
  const kept = host.changes?.begin(reading);
  const scripts = armedScripts({ id, change, undo: reading.undo(), windowSeconds, uploads, kept });
  const deadline = performance.now() + windowSeconds * 1000;

  await arm(scripts, host);
  host.changed();
  host.progress(`${crossings.join(', ')}: changed, waiting for a new connection`);
  await host.session.drop();
  if (!(await reconnect(host, deadline))) throw await takenBackByItself(scripts, host, crossings);

  const problem = (await changeFailed(scripts, change, host)) ?? (await verify()) ?? (await host.guard.confirm());
  if (problem !== undefined) throw await takeBack(scripts, host, problem);
  const [disarmed] = await run([scripts.disarm], host);
  if (disarmed?.code !== 0) throw await takeBack(scripts, host, `it was not confirmed within ${windowSeconds} s`);
}

async function arm(scripts: ArmedScripts, host: TaskHost): Promise<void> {
  const [armed] = await run([scripts.arm], host);
  if (armed !== undefined && armed.code !== 0) {
    throw new RemoteCommandError(['arm the undo'], armed, host.name);
  }
}

/** Tries to log in anew until the host would have taken the change back. */
async function reconnect(host: TaskHost, deadline: number): Promise<boolean> {
  // The change begins after a moment: a connection made before that would prove nothing.
  await sleep(500);
  for (let pause = 200; ; pause = Math.min(pause * 1.5, 2000)) {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    if (await host.session.tryReconnect(Math.max(1, Math.min(5, Math.ceil(left / 1000))))) return true;
    await sleep(Math.min(pause, Math.max(0, deadline - performance.now())));
  }
}

/** Waits for the change to end. @returns what has failed, or undefined */
async function changeFailed(
  scripts: ArmedScripts,
  change: readonly Step[],
  host: TaskHost,
): Promise<string | undefined> {
  const [outcome] = await run([scripts.outcome], host);
  const [first = '', code] = (outcome?.stdout.toString() ?? '').trim().split(' ');
  if (first === 'done') return undefined;
  const step = change[Number(first)];
  if (first === 'none' || step === undefined) return 'the change did not come to its end';
  const said = outcome?.stderr.toString().trim() ?? '';
  return `${describeStep(step).join(' ')} ended with exit code ${code ?? '?'}${said === '' ? '' : `: ${said}`}`;
}

async function takeBack(scripts: ArmedScripts, host: TaskHost, problem: string): Promise<KvmnetError> {
  await run([scripts.undo], host);
  const [aftermath] = await run([scripts.aftermath], host);
  host.changed();
  return takenBack(host, problem, aftermath);
}

/** No new connection within the window: waits for the host to come back as it was. */
async function takenBackByItself(
  scripts: ArmedScripts,
  host: TaskHost,
  crossings: readonly string[],
): Promise<KvmnetError> {
  const { windowSeconds } = host.guard;
  host.progress(`no new connection within ${windowSeconds} s, waiting for the host to take the change back`);
  const deadline = performance.now() + 60_000;
  if (!(await reconnect(host, deadline))) {
    return new KvmnetError('unreachable', `cannot be reached since a change of ${crossings.join(', ')}`, {
      host: host.name,
      hint: `the host was to take the change back after ${windowSeconds} s; look at its console, and at /var/lib/kvmnet/confirm there`,
    });
  }
  // The undo may still be at work.
  for (let attempt = 0; ; attempt++) {
    const [aftermath] = await run([scripts.aftermath], host);
    if (aftermath?.code === 0 || attempt >= 50) {
      host.changed();
      return takenBack(host, `no new connection could be made within ${windowSeconds} s`, aftermath);
    }
    await sleep(200);
  }
}

function takenBack(host: TaskHost, problem: string, aftermath: PartResult | undefined): KvmnetError {
  const log = aftermath?.stdout.toString().trim() ?? '';
  const undone = aftermath?.code === 0;
  return new KvmnetError(
    'taken-back',
    undone
      ? `${problem}; the host has taken the change back`
      : `${problem}; whether the host has taken the change back could not be seen`,
    {
      host: host.name,
      hint: log === '' ? undefined : `the undo said: ${log}`,
    },
  );
}

const run = async (commands: readonly string[], host: TaskHost): Promise<readonly PartResult[]> =>
  (await host.exchange({ commands })).commands;
