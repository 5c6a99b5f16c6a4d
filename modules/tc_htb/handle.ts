import { z } from 'zod';

/** tc reads all of these as hexadecimal: class 1:10 is 0x10, and `default 30` is 0x30. */
const classPattern = /^(?:0x)?([0-9a-f]{1,4}):(?:0x)?([0-9a-f]{0,4})$/i;

const hex = (digits: string): string => Number.parseInt(digits, 16).toString(16);

function readHandle(text: string): string | undefined {
  const [, major, minor = ''] = classPattern.exec(text.trim()) ?? [];
  if (major === undefined) return undefined;
  return `${hex(major)}:${minor === '' || hex(minor) === '0' ? '' : hex(minor)}`;
}

const notHandle = (text: string): string => `"${text}" is no handle: write hexadecimal numbers as in "1:" or "1:10"`;

/** Canonical `1:` or `1:10`: hexadecimal, lower case, no zeros in front. @throws RangeError */
export function parseHandle(text: string): string {
  const handle = readHandle(text);
  if (handle === undefined) throw new RangeError(notHandle(text));
  return handle;
}

const whatYamlSays = ({ input }: { input?: unknown }): string =>
  typeof input === 'number' ? `a handle is text, not a number (${input}): quote it` : 'a handle is text like "1:10"';

const handleSchema = (check: (handle: string) => string | undefined) =>
  z.string({ error: whatYamlSays }).transform((text, context) => {
    const handle = readHandle(text);
    const problem = handle === undefined ? notHandle(text) : check(handle);
    if (handle !== undefined && problem === undefined) return handle;
    context.issues.push({ code: 'custom', message: problem, input: text });
    return z.NEVER;
  });

/** A qdisc, `1:`. */
export const qdiscHandle = () =>
  handleSchema((handle) =>
    handle.endsWith(':') ? undefined : `"${handle}" is a class: a qdisc ends in a colon, "1:"`,
  );

/** A class, `1:10`. */
export const classHandle = () =>
  handleSchema((handle) =>
    handle.endsWith(':') ? `"${handle}" is a qdisc: a class has a number behind the colon, "1:10"` : undefined,
  );

/** A class or a qdisc. */
export const anyHandle = () => handleSchema(() => undefined);

/** The number of a class in its qdisc, hexadecimal: `30` and `0x30` are both 0x30. Gives canonical hexadecimal text. */
export const minorNumber = () =>
  z
    .union([z.string(), z.int()], { error: 'default is the number of a class, hexadecimal as in "1:30"' })
    .transform((value, context) => {
      const [, digits] = /^(?:0x|[0-9a-f]{1,4}:)?([0-9a-f]{1,4})$/i.exec(String(value).trim()) ?? [];
      if (digits !== undefined) return hex(digits);
      context.issues.push({
        code: 'custom',
        message: `"${value}" is no number of a class: write 30 for class 1:30`,
        input: value,
      });
      return z.NEVER;
    });
