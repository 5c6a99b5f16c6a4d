import { KvmnetError } from '../util/errors.ts';
import type { Endpoint } from './endpoint.ts';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ETIMEDOUT: 'no answer (timed out)',
  EHOSTUNREACH: 'no route to it, or it is switched off (host unreachable)',
  ENETUNREACH: 'no route to its network',
  ENETDOWN: 'the network is down',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved at the moment',
  EACCES: 'not permitted from here',
  EADDRNOTAVAIL: 'no address to connect from',
};

// Where a second attempt cannot go better than the first.
const HOPELESS = new Set(['ENOTFOUND', 'EACCES', 'EADDRNOTAVAIL']);

const WRONG_PLACE = 'check kvmnet_host and kvmnet_port, and that sshd runs there';
const NO_WAY =
  'check that it is switched on, its address (kvmnet_host), and the way to it (kvmnet_jump goes through another host)';
const HUNG_UP = 'it may allow fewer logins at once (MaxStartups of sshd, --forks here), or have banned this address';
const WRONG_NAME = 'check the name, or give an address: kvmnet_host';

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: WRONG_PLACE,
  ETIMEDOUT: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  ENOTFOUND: WRONG_NAME,
  EAI_AGAIN: WRONG_NAME,
};

const at = ({ address, port }: Endpoint): string => `${address}${port === 22 ? '' : ` port ${port}`}`;

export class Unreachable extends KvmnetError {
  /** Whether trying again can help. */
  readonly transient: boolean;

  constructor(message: string, host: string, transient: boolean, cause?: unknown, hint?: string) {
    super('unreachable', message, { host, cause, hint });
    this.transient = transient;
  }
}

/** A failure to connect, in plain words. */
export function cannotConnect(endpoint: Endpoint, host: string, cause: unknown): Unreachable {
  const code = codeOf(cause);
  const why =
    (code === undefined ? undefined : WORDS[code]) ?? (cause instanceof Error ? cause.message : String(cause));
  return new Unreachable(
    `cannot reach ${at(endpoint)}: ${why}`,
    host,
    code === undefined || !HOPELESS.has(code),
    cause,
    HINTS[code ?? ''],
  );
}

export const timedOut = (endpoint: Endpoint, host: string): Unreachable =>
  new Unreachable(
    `cannot reach ${at(endpoint)}: no login within ${endpoint.connectTimeout} s`,
    host,
    true,
    undefined,
    NO_WAY,
  );

/** The other side went away, or spoke something else than we do, before the keys were exchanged. */
export function lostInHandshake(endpoint: Endpoint, host: string, cause: unknown): Unreachable {
  const message = cause instanceof Error ? cause.message : '';
  if (/no matching|not supported|Bad identification|Invalid identification|protocol identification/i.test(message)) {
    return new Unreachable(
      `${at(endpoint)} does not speak an SSH that kvmnet understands: ${message}`,
      host,
      false,
      cause,
    );
  }
  const closed = message === '' || /lost before handshake/i.test(message);
  const why = WORDS[codeOf(cause) ?? ''] ?? (closed ? 'it closed the connection' : message);
  return new Unreachable(`${at(endpoint)} answered, but gave no SSH session: ${why}`, host, true, cause, HUNG_UP);
}

/** With several addresses per name, node reports one error holding all of them. */
function codeOf(cause: unknown): string | undefined {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return undefined;
}
