import type { KvmnetError } from '../util/errors.ts';
import type { VarSource } from './lazy.ts';
import { toCel, type Trace } from './cel-values.ts';
import { SHADOWED } from './cel-roots.ts';
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

  readonly #typeOf: (name: string) => unknown;

  /** @param typeOf CEL's own value of a type's name, where no variable has that name */
  constructor(vars: VarSource, directory: string, typeOf: (name: string) => unknown) {
    super();
    this.#vars = vars;
    this.#typeOf = typeOf;
    this.directory = directory;
  }

  override get(name: string): unknown {
    const known = this.#converted.get(name);
    if (known !== undefined) return known;
    if (name === SCOPE) return this;
    try {
      const shadowed = name.endsWith(SHADOWED) ? name.slice(0, -SHADOWED.length) : undefined;
      if (shadowed !== undefined && !this.#vars.has(shadowed)) return this.#typeOf(shadowed);
      const value = this.#vars.get(shadowed ?? name);
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
