import type { Json } from '../util/json.ts';

/**
 * The value of an INI variable. Ansible reads it as a Python literal where it is one (`True`, `42`, `'text'`,
 * `[1, 2]`, `{'a': 1}`) and as text everywhere else; so `true`, `010` and `eth0` are text.
 */
export function pythonValue(text: string): Json {
  const parser = new LiteralParser(text.replace(/^[ \t]+/, ''));
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof NotALiteral) return text;
    throw error;
  }
}

class NotALiteral extends Error {
  override readonly name = 'NotALiteral';
}

const SPACE = /[ \t\f]*(?:#.*)?/y;
const STRING = /([uUrR]?)('''|"""|'|")/y;
const NUMBER =
  /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][-+]?[0-9](?:_?[0-9])*)?/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const WORDS: Readonly<Record<string, Json>> = { True: true, False: false, None: null };
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** Owns the cursor over one text. */
class LiteralParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Json {
    const items = this.#list('');
    if (items.values.length === 0) throw new NotALiteral();
    const [first = null] = items.values;
    return items.trailing || items.values.length > 1 ? items.values : first;
  }

  /** Values with commas between, up to the closing bracket or the end of the text. */
  #list(close: string): { readonly values: Json[]; readonly trailing: boolean } {
    const values: Json[] = [];
    let trailing = false;
    for (;;) {
      this.#skip();
      if (this.#ends(close)) return { values, trailing };
      if (values.length > 0 && !trailing) throw new NotALiteral();
      values.push(this.#value());
      trailing = this.#take(',');
    }
  }

  #value(): Json {
    this.#skip();
    if (this.#take('[')) return this.#list(']').values;
    if (this.#take('(')) return this.#tuple();
    if (this.#take('{')) return this.#mapping();
    const sign = /[-+]/.exec(this.#text[this.#at] ?? '')?.[0];
    if (sign !== undefined) {
      this.#at++;
      this.#skip();
      return this.#number(sign);
    }
    if (this.#peek(STRING) !== null) return this.#strings();
    if (this.#peek(NUMBER) !== null) return this.#number('');
    const word = this.#match(WORD)?.[0] ?? '';
    const value = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (value === undefined) throw new NotALiteral();
    return value;
  }

  #tuple(): Json {
    const { values, trailing } = this.#list(')');
    const [first] = values;
    return values.length === 1 && !trailing && first !== undefined ? first : values;
  }

  #mapping(): Json {
    // A null prototype, so that the key "__proto__" is one like others.
    const result = Object.create(null) as Record<string, Json>;
    for (let more = true; ;) {
      this.#skip();
      if (this.#take('}')) return result;
      if (!more) throw new NotALiteral();
      const key = this.#value();
      this.#skip();
      if (!this.#take(':') || (typeof key === 'object' && key !== null)) throw new NotALiteral();
      result[String(key)] = this.#value();
      this.#skip();
      more = this.#take(',');
    }
  }

  #number(sign: string): Json {
    const digits = (this.#match(NUMBER)?.[0] ?? '').replaceAll('_', '');
    // A letter behind it (3j, 0x1g, 10mbit) or a leading zero (010) makes it text.
    if (digits === '' || this.#peek(WORD) !== null || /^0[0-9]*[1-9]$|^0[0-9]*[1-9][0-9]*$/.test(digits))
      throw new NotALiteral();
    const value = Number(digits);
    if (!Number.isFinite(value) || (/^[0-9]+$/.test(digits) && !Number.isSafeInteger(value))) throw new NotALiteral();
    return sign === '-' && value !== 0 ? -value : value;
  }

  /** Strings that follow one another are one. */
  #strings(): string {
    let result = '';
    for (;;) {
      const open = this.#match(STRING);
      if (open === null) return result;
      result += this.#string((open[1] ?? '').toLowerCase() === 'r', open[2] ?? '');
      this.#skip();
    }
  }

  #string(raw: boolean, quote: string): string {
    let result = '';
    while (!this.#text.startsWith(quote, this.#at)) {
      const char = this.#text[this.#at++];
      if (char === undefined) throw new NotALiteral();
      result += char === '\\' ? this.#escape(raw) : char;
    }
    this.#at += quote.length;
    return result;
  }

  #escape(raw: boolean): string {
    const next = this.#text[this.#at++];
    if (next === undefined) throw new NotALiteral();
    if (raw) return `\\${next}`;
    const digits = this.#match(next === 'x' ? /[0-9a-fA-F]{2}/y : next === 'u' ? /[0-9a-fA-F]{4}/y : /[0-9a-fA-F]{8}/y);
    if (next === 'x' || next === 'u' || (next === 'U' && digits !== null)) {
      const code = Number.parseInt(digits?.[0] ?? '', 16);
      if (!(code <= 0x10_ffff)) throw new NotALiteral();
      return String.fromCodePoint(code);
    }
    if (digits !== null) this.#at -= digits[0].length;
    if (/[0-7]/.test(next)) {
      this.#at--;
      return String.fromCharCode(Number.parseInt(this.#match(/[0-7]{1,3}/y)?.[0] ?? '', 8));
    }
    return ESCAPES[next] ?? `\\${next}`;
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #take(char: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #ends(close: string): boolean {
    if (close !== '') return this.#take(close);
    return this.#at >= this.#text.length;
  }

  #peek(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    const found = this.#peek(pattern);
    if (found !== null) this.#at += found[0].length;
    return found;
  }
}
