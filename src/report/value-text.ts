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
  invisible.test(text) || (!top && punctuation.test(text)) ? JSON.stringify(text) : text;

/** Takes away what would move the cursor or change colours: output of hosts must not steer the terminal. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- that is what it is for
  text.replaceAll('\r\n', '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (c) => controlPicture(c));

const controlPicture = (c: string): string =>
  c === '\u007f' ? '\u2421' : c < ' ' ? String.fromCodePoint(0x2400 + (c.codePointAt(0) ?? 0)) : '\ufffd';
