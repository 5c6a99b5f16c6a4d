import type { CommandResult, ProbeCommand } from '../../src/sdk/index.ts';

export type Value = number | string | boolean | null | readonly (number | string)[];

/** What one look gave. */
export interface Finding {
  /** Name of the check: `ping`. */
  readonly check: string;
  /** What was looked at, and which of its numbers: `10.0.1.2 loss`. */
  readonly what: string;
  /** Null: it could not be seen. */
  readonly value: Value;
  readonly limit: Value;
  readonly ok: boolean;
  /** What was seen and what should have been, for the error. */
  readonly says: string;
}

/** One check with its parameters: what the host is asked, and what the answers mean. */
export interface Check {
  readonly name: string;
  readonly commands: readonly ProbeCommand[];
  /** Seconds that answering takes by itself (pings, a throughput test). */
  readonly seconds: number;
  /** Given the first answer and the last one, which is the same where there is one command. */
  readonly judge: (answer: CommandResult, last: CommandResult) => readonly Finding[];
}

export const check = (name: string, commands: readonly ProbeCommand[], judge: Check['judge'], seconds = 0): Check => ({
  name,
  commands,
  judge,
  seconds,
});

/** A number that may be at most, or must be at least, so much; null where it could not be seen. */
export function bounded(
  name: string,
  what: string,
  value: number | null,
  bound: { readonly max: number } | { readonly min: number },
  unit = '',
): Finding {
  const [limit, word] = 'max' in bound ? [bound.max, 'at most'] : [bound.min, 'at least'];
  const ok = value !== null && ('max' in bound ? value <= limit : value >= limit);
  const seen = value === null ? 'unknown' : `${round(value)}${unit}`;
  return {
    check: name,
    what,
    value: value === null ? null : round(value),
    limit,
    ok,
    says: `${what} is ${seen}, wanted ${word} ${limit}${unit}`,
  };
}

/** A value that must be just this. */
export function exact(name: string, what: string, value: Value, limit: Value): Finding {
  const ok = JSON.stringify(value) === JSON.stringify(limit);
  return { check: name, what, value, limit, ok, says: `${what} is ${show(value)}, wanted ${show(limit)}` };
}

/** Things that must all be there. */
export function contains(
  name: string,
  what: string,
  there: readonly (number | string)[],
  wanted: readonly (number | string)[],
): Finding {
  const lacking = wanted.filter((item) => !there.includes(item));
  const says = `${what} lacks ${show(lacking)}, wanted ${show(wanted)}`;
  return { check: name, what, value: there, limit: wanted, ok: lacking.length === 0, says };
}

/** What could not be looked at. */
export const unseen = (name: string, what: string, limit: Value, why: string): Finding => ({
  check: name,
  what,
  value: null,
  limit,
  ok: false,
  says: `${what}: ${why}`,
});

export function show(value: Value): string {
  if (value === null) return 'unknown';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return Array.isArray(value) ? (value.length === 0 ? 'nothing' : value.join(', ')) : String(value);
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Of a command that the engine has no answer to. */
export const noAnswer: CommandResult = { code: 124, stdout: '', stderr: '', bytes: new Uint8Array(), timedOut: true };

/** Why a command gave nothing to judge, in one line; undefined where it did. */
export function failure(answer: CommandResult, tool: string, from: string): string | undefined {
  if (answer.timedOut) return `${tool} gave no answer in time`;
  if (answer.code === 127) return `${tool} is not installed, install ${from}`;
  if (answer.code === 0) return undefined;
  const said = answer.stderr.trim().replace(/^[^]*\n/, '');
  return said === '' ? `${tool} ended with exit code ${answer.code}` : said;
}
