import type { RunEvent } from '../engine/events.ts';
import { isObject } from '../util/json.ts';
import { MASK, type Redactor } from '../util/secrets.ts';

/** Fields of events that are words of ours: a secret that happens to be one of them must not make events unreadable. */
const ours: ReadonlySet<string> = new Set([
  'type',
  'status',
  'module',
  'id',
  'run',
  'started',
  'until',
  'code',
  'time',
]);

/** An event with everything hidden that must not be shown, in whatever text of it. */
export const redactEvent = (event: RunEvent, redactor: Redactor): RunEvent => redactFields(event, redactor);

/** The same for whatever is made of events. */
export const redactFields = <T extends object>(fields: T, redactor: Redactor): T =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, ours.has(key) ? value : redactValue(value, redactor)]),
  ) as T;

function redactValue(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  // A number of an encrypted file is as secret as its texts; one that merely holds such digits is not.
  if (typeof value === 'number') return redactor.redact(String(value)) === MASK ? MASK : value;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redactor));
  if (!isObject(value) || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redactor.redact(key), redactValue(item, redactor)]),
  );
}
