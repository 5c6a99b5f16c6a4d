import {
  createScope,
  getterLayer,
  LazyRecord,
  sourceLayer,
  valueLayer,
  type Layer,
  type VarSource,
  type Vault,
} from '../lang/index.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { JsonObject } from '../util/json.ts';

/** What a host has learned during the run: `set_vars`, `register`. */
export type SetVariables = Map<string, unknown>;

interface Options {
  readonly inventory: Inventory;
  readonly vault: Vault;
  /** `-e`: stronger than everything else. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly check: boolean;
  readonly factsOf: (host: string) => JsonObject | undefined;
}

/** The variables of all hosts of a run. */
export class RunVariables {
  readonly #options: Options;
  readonly #set = new Map<string, SetVariables>();
  readonly #inventoryLayers = new WeakMap<object, Layer>();
  readonly #hostLayers = new Map<string, readonly Layer[]>();
  readonly #shared: readonly Layer[];

  constructor(options: Options) {
    this.#options = options;
    const { inventory, extra, check } = options;
    const groups = Object.fromEntries([...inventory.groups].map(([name, group]) => [name, group.hosts]));
    this.#shared = [
      valueLayer('extra', extra),
      getterLayer('magic', { groups: () => groups, hostvars: () => this.#hostvars(), check_mode: () => check }),
    ];
  }

  set(host: string): SetVariables {
    const known = this.#set.get(host);
    if (known !== undefined) return known;
    const variables: SetVariables = new Map();
    this.#set.set(host, variables);
    return variables;
  }

  /** The variables of a host as a task sees them. @param more - layers of the play, the task, the loop */
  scope(host: Host, more: readonly Layer[]): VarSource {
    return createScope([...this.#layersOf(host), ...this.#facts(host.name), ...more]);
  }

  #layersOf(host: Host): readonly Layer[] {
    const known = this.#hostLayers.get(host.name);
    if (known !== undefined) return known;
    const layers = [
      ...host.layers.map((layer) => this.#inventoryLayer(layer)),
      valueLayer('set', this.set(host.name)),
      valueLayer('magic', {
        inventory_hostname: host.name,
        inventory_hostname_short: host.name.split('.')[0] ?? host.name,
        group_names: host.groups,
      }),
      ...this.#shared,
    ];
    this.#hostLayers.set(host.name, layers);
    return layers;
  }

  // Hosts of one group share its variables: compiled once.
  #inventoryLayer(variables: Host['layers'][number]): Layer {
    const known = this.#inventoryLayers.get(variables);
    if (known !== undefined) return known;
    const layer = sourceLayer(variables.kind, variables.values, { vault: this.#options.vault });
    this.#inventoryLayers.set(variables, layer);
    return layer;
  }

  #facts(host: string): readonly Layer[] {
    const facts = this.#options.factsOf(host);
    return facts === undefined ? [] : [valueLayer('facts', { facts })];
  }

  #hostvars(): LazyRecord {
    const { inventory } = this.#options;
    return new LazyRecord({
      has: (name) => inventory.host(name) !== undefined,
      names: () => inventory.hosts.keys(),
      get: (name) => {
        const host = inventory.host(name);
        return host === undefined ? undefined : new LazyRecord(this.scope(host, []));
      },
    });
  }
}
