import { setTimeout as sleep } from 'node:timers/promises';
import { KvmnetError } from '../../util/errors.ts';
import type { StandingReason } from '../../sdk/action.ts';
import type { Become } from '../../transport/types.ts';
import type { Waiting } from './pending-reasons.ts';
import type { HostSession } from './session.ts';

interface Options {
  readonly signal: AbortSignal;
  /** What else to read in the same round trip, and as whom. */
  readonly ahead: () => Promise<readonly string[]>;
  readonly become: Become | undefined;
}

/**
 * Reads again what waited for the reboot that has been: one round trip, with the facts and what comes next, unless tasks ran
 * as several users, or a reason stands while services still start.
 * @returns the reasons that the reboot has not mended; they go on waiting
 */
export async function verifyReasons(session: HostSession, options: Options): Promise<readonly StandingReason[]> {
  const waiting = [...session.reasons.unverified];
  if (waiting.length === 0) return [];
  const started = performance.now();
  const settle = Math.max(...waiting.map(([, { settle: seconds }]) => seconds));
  for (let pause = 500; ; pause = Math.min(pause * 1.5, 4000)) {
    await readAgain(session, waiting, options);
    const standing = waiting.map(([, one]) => stillStanding(session, one));
    const patience = Math.max(settle, startingUp(session, options.become));
    const late = performance.now() - started + pause > patience * 1000;
    if (late || standing.every((reasons) => reasons.length === 0)) {
      waiting.forEach(([key, one], index) => {
        const reasons = (standing[index] ?? []).map(({ task, path, reason }) => ({ task, path, reason }));
        session.reasons.set(key, { ...one, reasons });
      });
      return standing.flat();
    }
    await sleep(pause, undefined, { signal: options.signal });
    session.changed();
  }
}

async function readAgain(
  session: HostSession,
  waiting: readonly (readonly [string, Waiting])[],
  { ahead, become, signal }: Options,
): Promise<void> {
  const users = new Map([[userOf(become), become]]);
  for (const [, one] of waiting) if (!users.has(userOf(one.become))) users.set(userOf(one.become), one.become);
  for (const [user, as] of users) {
    const own = waiting.filter(([, one]) => userOf(one.become) === user).flatMap(([, { scripts }]) => scripts);
    const more = user === userOf(become) ? await ahead() : [];
    // First of all: what is read once the boot has come to its end is final.
    await session.exchange({ probes: [bootState, ...own, ...more] }, { become: as, signal });
  }
}

const userOf = (become: Become | undefined): string => (become === undefined ? '' : `${become.method} ${become.user}`);

/** A host can be logged in to before its services are up. */
const bootState = `if [ -d /run/systemd/system ]; then systemctl is-system-running 2>/dev/null; else echo unknown; fi`;

/** Seconds since the first look that a host may take to bring its services up. */
function startingUp(session: HostSession, become: Become | undefined): number {
  const state = session.cache(become).get(bootState)?.stdout.trim() ?? '';
  if (/^(?:initializing|starting)$/.test(state)) return 60;
  return state === 'unknown' ? 10 : 0;
}

function stillStanding(session: HostSession, waiting: Waiting): readonly StandingReason[] {
  try {
    return waiting.standing((script) => session.cache(waiting.become).get(script));
  } catch (error) {
    if (!(error instanceof KvmnetError)) throw error;
    // The module does not accept what it sees: its own words say more than the reason of before.
    const [first] = waiting.reasons;
    return first === undefined ? [] : [{ ...first, reason: error.message, hint: error.hint }];
  }
}
