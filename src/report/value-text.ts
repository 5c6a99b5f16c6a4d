import { truncateMiddle } from '../util/text-width.ts';

/** What cannot be seen, or would steer the terminal. */
const invisible = /^$|^\s|\s$|[\p{Control}\p{Format}]/u;
/** What would be taken for the punctuation of a list or map around it. */
const punctuation = /^[[{"']|, |: |[\]}]$/;

/**
 * A value of a change, for people: `on`, `9000`, `[eth1, eth2]`, `{vlan: 100}`, `(unset)`.
 * Texts are quoted only where one could not see otherwise where they begin and end.
 */
export function valueText(value: unknown, width = Number.POSITIVE_INFINITY): string {
  return truncateMiddle(fullText(value, true), width);
}

function fullText(value: unknown, top = false): string {
  if (value === null || value === undefined) return top ? '(unset)' : 'null';
  if (typeof value === 'string') return stringText(value, top);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => fullText(item)).join(', ')}]`;
  if (typeof value === 'object') return objectText(value);
  return typeof value;
}

const objectText = (value: object): string =>
  `{${Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => `${stringText(k, false)}: ${fullText(v)}`)
    .join(', ')}}`;

const stringText = (text: string, top: boolean): string =>
  invisible.test(text) || (!top && punctuation.test(text)) ? asciiJson(text) : text;

// Control characters but tab and newline, those of Unicode's right-to-left marks that turn text around, and its line ends.
// eslint-disable-next-line no-control-regex -- that is what it is for
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]|\p{Bidi_Control}/gu;

/** Takes away what would move the cursor or change colours: output of hosts must not steer the terminal. */
export const printable = (text: string): string => (/^[\u0020-\u007e]*$/.test(text) ? text : withPictures(text));

const withPictures = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(steering, (c) => controlPicture(c));

/** An event without what would steer the terminal, in whatever text or name of a field. */
export const harmless = <T>(value: T): T => harmlessValue(value, printable) as T;

function harmlessValue(value: unknown, shown: (text: string) => string): unknown {
  if (typeof value === 'string') return shown(value);
  if (Array.isArray(value)) return value.map((item) => harmlessValue(item, shown));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      shown(key),
      // `valueText` quotes them.
      harmlessValue(item, key === 'from' || key === 'to' ? (text) => text : shown),
    ]),
  );
}

const controlPicture = (c: string): string =>
  c === '\u007f' ? '\u2421' : c < ' ' ? String.fromCodePoint(0x2400 + (c.codePointAt(0) ?? 0)) : '\ufffd';

/** JSON that steers no terminal either. */
export const asciiJson = (value: unknown, replacer?: (key: string, value: unknown) => unknown): string =>
  JSON.stringify(value, replacer).replace(steering, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
