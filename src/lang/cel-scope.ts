import { KvmnetError } from '../util/errors.ts';
import type { VarSource } from './lazy.ts';
import { toCel, type Trace } from './cel-values.ts';
import { undefinedVariable } from './undefined.ts';

/** Reserved name under which macros find the scope itself. */
export const SCOPE = '\u0000scope';

/** The outermost scope of an evaluation: cel-js reads its variables with `get`. */
export class CelScope extends Map<string, unknown> implements Trace {
  miss: Trace['miss'];
  failure: unknown;
  readonly #vars: VarSource;
  // A loop reads the same few variables again and again.
  readonly #converted = new Map<string, unknown>();
  /** The folder of the file in which the expression stands. */
  readonly directory: string;

  constructor(vars: VarSource, directory: string) {
    super();
    this.#vars = vars;
    this.directory = directory;
  }

  override get(name: string): unknown {
    const known = this.#converted.get(name);
    if (known !== undefined) return known;
    if (name === SCOPE) return this;
    try {
      const value = this.#vars.get(name);
      if (value === undefined)
        throw new MissingVariable(name, undefinedVariable(name, name, this.#vars.names(), undefined));
      const converted = toCel(value, this);
      this.#converted.set(name, converted);
      return converted;
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }
}

/** An undefined variable; `defined` and `default` forgive it by clearing the scope's failure. */
export class MissingVariable extends Error {
  readonly variable: string;
  readonly explained: KvmnetError;

  constructor(variable: string, explained: KvmnetError) {
    super(explained.message);
    this.variable = variable;
    this.explained = explained;
  }
}
