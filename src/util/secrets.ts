/** Hides known secrets in whatever is about to be shown or stored. */
export interface Redactor {
  add(secret: string): void;
  redact(text: string): string;
  /** The secrets that a text holds. */
  found(text: string): readonly string[];
}

export const MASK = '********';
/** Shorter texts are left alone when they are only a line of a secret: hiding every "a" would hide everything. */
const MIN_LINE = 4;

/**
 * Longest secrets go first, so that one that holds another leaves nothing of itself. A secret of several lines is also
 * hidden line by line, and each in the forms it takes inside of JSON and of a quoted word of a shell.
 */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    add(secret) {
      for (const form of formsOf(secret)) forms.add(form);
      pattern = undefined;
    },
    redact(text) {
      return forms.size === 0 || text === '' ? text : text.replace((pattern ??= patternOf(forms)), MASK);
    },
    found(text) {
      return forms.size === 0 ? [] : [...new Set(text.match((pattern ??= patternOf(forms))))];
    },
  };
}

const patternOf = (forms: ReadonlySet<string>): RegExp =>
  new RegExp(
    [...forms]
      .toSorted((a, b) => b.length - a.length)
      .map(escape)
      .join('|'),
    'g',
  );

function* formsOf(secret: string): Iterable<string> {
  if (secret.trim() === '') return;
  const whole = [secret, secret.trim()];
  const lines = secret.split(/\r?\n/).flatMap((line) => [line, line.trim()]);
  const several = lines.filter((line) => line.trim() !== '').length > 2;
  for (const form of [...whole, ...(several ? lines.filter((line) => line.trim().length >= MIN_LINE) : [])]) {
    yield form;
    yield JSON.stringify(form).slice(1, -1);
    // As a command that failed is shown: a word for a shell.
    if (form.includes("'")) yield form.replaceAll("'", String.raw`'\''`);
  }
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
