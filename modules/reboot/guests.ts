import { refuse, type ActionHost } from '../../src/sdk/index.ts';
import type { Reboot } from './params.ts';
import { askGuests, guestsGone, one } from './scripts.ts';

const SLICE = 30;

/** Why guests stand in the way of a reboot; undefined where they do not. */
export const guestsInTheWay = (guests: readonly string[], p: Reboot): string | undefined =>
  p.guests !== 'refuse' || guests.length === 0
    ? undefined
    : `${guests.length === 1 ? 'a virtual machine runs' : `${guests.length} virtual machines run`} on it: ${guests.join(', ')}`;

/** Brings guests to rest. @throws KvmnetError code `refused` naming those that did not go in time */
export async function restGuests(guests: readonly string[], p: Reboot, host: ActionHost): Promise<void> {
  if (guests.length === 0 || p.guests === 'ignore' || p.guests === 'refuse') return;
  const saving = p.guests === 'managed_save';
  host.progress(`${saving ? 'saving' : 'shutting down'} ${guests.join(', ')}`);
  const asked = await one(
    host,
    { script: askGuests, args: [saving ? 'managedsave' : 'shutdown', ...guests] },
    p.guests_timeout,
  );
  if (asked.timedOut) throw left(guests, p);
  if (asked.code !== 0)
    throw refuse(`not rebooted: virsh says ${asked.stderr.trim()}`, 'see to the virtual machine, or guests: ignore');
  const started = performance.now();
  for (;;) {
    const rest = Math.max(0, p.guests_timeout - (performance.now() - started) / 1000);
    const slice = Math.min(SLICE, Math.ceil(rest));
    const answer = await one(host, { script: guestsGone, args: [String(slice)] }, slice + SLICE);
    if (answer.code === 0) return;
    if (answer.code !== 1) throw refuse(`not rebooted: virsh says ${answer.stderr.trim()}`);
    const names = answer.stdout.split('\n').filter((name) => name.trim() !== '');
    if (rest <= SLICE) throw left(names, p);
    host.progress(`waiting for ${names.join(', ')} to go`);
  }
}

const left = (names: readonly string[], p: Reboot): Error =>
  refuse(
    `not rebooted: after ${p.guests_timeout} s still there: ${names.join(', ')}`,
    'stop them by hand, give them more time (guests_timeout), or guests: managed_save',
  );
