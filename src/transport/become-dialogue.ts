import type { Writable } from 'node:stream';
import { noAnswer, noPassword, refusedBecome, wrongPassword } from './become-errors.ts';
import type { Listener } from './handshake.ts';
import type { Become, ConnectionSpec } from './types.ts';

// pam_faildelay holds a refusal back for 2 to 3 s; a directory service may be slow. After that nobody will answer.
const PATIENCE_SECONDS = 30;

export const PASSWORD_PROMPT = /password[^\n]{0,200}: ?$/i;

interface Dialogue {
  readonly listener: Listener;
  readonly token: string;
  /** The question for the password. */
  readonly asks: RegExp;
  readonly keyboard: Writable;
  readonly spec: ConnectionSpec;
  readonly become: Become;
  giveUp(): void;
  /** The end of our own command, where the terminal shows it: what was printed before is of no interest. */
  readonly echo?: string | undefined;
}

/** Gives the password when it is asked for, and returns when the new shell has said its word. */
export async function answer({ listener, token, asks, keyboard, spec, become, giveUp, echo }: Dialogue): Promise<void> {
  const signs = {
    ready: { on: 'stdout', text: new RegExp(`ready-${token}\r?\n`) },
    prompt: { on: 'both', text: asks },
  } as const;
  let asked = false;
  let sign = await listener.wait(signs, PATIENCE_SECONDS);
  if (sign === 'prompt' && become.password !== undefined) {
    asked = true;
    keyboard.write(`${become.password}\n`);
    sign = await listener.wait(signs, PATIENCE_SECONDS);
  }
  const said = echo === undefined ? listener.printed : (listener.printed.split(echo).at(-1) ?? '');
  const printed = said.replaceAll(new RegExp(`(password|ready|pipes)-${token}:?`, 'g'), '').replace(/^[; ]+/, '');
  listener.release();
  if (sign === 'ready') return;
  giveUp();
  if (sign === 'prompt') throw asked ? wrongPassword(spec, become) : noPassword(spec, become);
  if (sign === 'timeout') throw noAnswer(spec, become, printed, PATIENCE_SECONDS);
  throw refusedBecome(spec, become, printed, asked);
}
