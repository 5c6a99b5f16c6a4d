import { KvmnetError } from '../util/errors.ts';
import type { VarSource } from './lazy.ts';
import { LAYER_KINDS, type Layer } from './layer.ts';

const RANK: ReadonlyMap<string, number> = new Map(LAYER_KINDS.map((kind, rank) => [kind, rank]));

/**
 * The variables as one host, task and loop item see them. Making a scope costs as much as it has layers; a variable is
 * rendered when it is first read, in this scope, and then kept.
 * @param layers in any order of kinds; among those of one kind the later one wins
 */
export function createScope(layers: readonly Layer[]): VarSource {
  return new Scope(layers);
}

class Scope implements VarSource {
  /** Strongest first. */
  readonly #layers: readonly Layer[];
  readonly #known = new Map<string, unknown>();
  /** Variables being rendered, outermost first. */
  readonly #rendering: string[] = [];

  constructor(layers: readonly Layer[]) {
    this.#layers = layers.toSorted((a, b) => rank(a) - rank(b)).toReversed();
  }

  has(name: string): boolean {
    return this.#known.has(name) || this.#find(name) !== undefined;
  }

  get(name: string): unknown {
    if (this.#known.has(name)) return this.#known.get(name);
    const layer = this.#find(name);
    if (layer === undefined) return undefined;
    const from = this.#rendering.indexOf(name);
    if (from >= 0)
      throw new KvmnetError(
        'template',
        `variables that need one another: ${[...this.#rendering.slice(from), name].join(' → ')}`,
        { at: layer.locate?.(name), hint: 'give one of them a value of its own' },
      );
    this.#rendering.push(name);
    try {
      const value = layer.resolve(name, this);
      this.#known.set(name, value);
      return value;
    } catch (error) {
      // A cycle through the variables of other hosts, whose scopes are not this one.
      if (!(error instanceof RangeError && error.message.includes('call stack'))) throw error;
      throw new KvmnetError('template', `variables of several hosts need one another: "${name}" among them`, {
        at: layer.locate?.(name),
        hint: 'give one of them a value of its own',
      });
    } finally {
      this.#rendering.pop();
    }
  }

  *names(): Iterable<string> {
    const seen = new Set<string>();
    for (const layer of this.#layers) {
      for (const name of layer.names()) {
        if (seen.has(name)) continue;
        seen.add(name);
        yield name;
      }
    }
  }

  #find(name: string): Layer | undefined {
    return this.#layers.find((layer) => layer.has(name));
  }
}

const rank = (layer: Layer): number => RANK.get(layer.kind) ?? 0;
