/**
 * The type of a plain scalar: YAML 1.2 core, less what would silently change what the user wrote. Kept as text are
 * `yes/no/on/off` (coerced where a boolean is meant), `010` and `0644` (octal to YAML 1.1, decimal to 1.2: a file mode
 * must not depend on that), integers beyond 2^53, `.inf` and `.nan` (JSON cannot say them), sexagesimals such as
 * `22:22` and timestamps.
 */
export function typeOf(text: string): string | number | boolean | null {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?(?:0|[1-9][0-9]*)$/.test(text)) return safe(Number(text), text);
  if (/^0x[0-9a-fA-F]+$|^0o[0-7]+$/.test(text)) return safe(Number(text), text);
  if (/^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : text;
  }
  return text;
}

const safe = (value: number, text: string): number | string => (Number.isSafeInteger(value) ? value : text);

const YES = /^(?:yes|Yes|YES|on|On|ON|true|True|TRUE)$/;
const NO = /^(?:no|No|NO|off|Off|OFF|false|False|FALSE)$/;

/** `yes/no/on/off` and `true/false`, as text or boolean, where a boolean is meant. Undefined: it is none of them. */
export function coerceBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  if (YES.test(value)) return true;
  return NO.test(value) ? false : undefined;
}

/** A word that YAML 1.1, and so Ansible, reads as a boolean and YAML 1.2 as text. */
export const isYaml11Boolean = (text: string): boolean =>
  coerceBoolean(text) !== undefined && !/^(?:true|false)$/i.test(text);
