import type { OutputTarget } from './output-target.ts';
import type { Reporter } from './reporter.ts';
import { asciiJson } from './value-text.ts';

/** For programs: every event is one line of JSON; the last one is the recap. */
export const createJsonlReporter = (target: OutputTarget): Reporter => ({
  handle: (event) => target.write(`${asciiJson(event, jsonValue)}\n`),
  end: () => target.close(),
});

/** Registered results may hold what JSON has no word for. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}
