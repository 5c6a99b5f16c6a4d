import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** Puts a colour on a text, or leaves it as it is where colours are off. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

const coloured: Paint = (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }));

export const createPaint = (colour: boolean): Paint => (colour ? coloured : plain);

/**
 * Whether to colour what goes to a stream: `--color` and `--no-color` first, then FORCE_COLOR, NO_COLOR and
 * NODE_DISABLE_COLORS in the order Node gives them, then whether it is a terminal that can.
 */
export function wantsColour(
  flag: boolean | undefined,
  stream: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (flag !== undefined) return flag;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '' || (env['NODE_DISABLE_COLORS'] ?? '') !== '') return false;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}
