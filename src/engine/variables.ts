import {
  createScope,
  getterLayer,
  LazyRecord,
  sourceLayer,
  valueLayer,
  type Layer,
  type VarSource,
  type Vault,
  type YamlNode,
} from '../lang/index.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { JsonObject } from '../util/json.ts';

interface Options {
  readonly inventory: Inventory;
  readonly vault: Vault;
  /** `-e`: stronger than everything else. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Those of `-e` that hold templates. */
  readonly extraTemplates?: ReadonlyMap<string, YamlNode> | undefined;
  readonly check: boolean;
  readonly verbosity?: number;
  readonly factsOf: (host: string) => JsonObject | undefined;
  readonly more?: readonly Layer[] | undefined;
}

/** The variables of all hosts of a run. */
export class RunVariables {
  readonly #options: Options;
  readonly #set = new Map<string, Map<string, unknown>>();
  readonly #inventoryLayers = new WeakMap<object, Layer>();
  readonly #hostLayers = new Map<string, readonly Layer[]>();
  readonly #records = new Map<string, { readonly facts: JsonObject | undefined; readonly record: LazyRecord }>();
  readonly #shared: readonly Layer[];

  constructor(options: Options) {
    this.#options = options;
    const {
      inventory,
      extra,
      extraTemplates = new Map<string, YamlNode>(),
      vault,
      check,
      verbosity = 0,
      more = [],
    } = options;
    const groups = Object.fromEntries([...inventory.groups].map(([name, group]) => [name, group.hosts]));
    this.#shared = [
      valueLayer('extra', extra),
      sourceLayer('extra', extraTemplates, { vault }),
      getterLayer('magic', {
        groups: () => groups,
        hostvars: () => this.#hostvars(),
        check_mode: () => check,
        kvmnet_verbosity: () => verbosity,
      }),
      ...more,
    ];
  }

  /** Sets variables of a host for the rest of the run. */
  set(host: string, values: Readonly<Record<string, unknown>>): void {
    const variables = this.#setOf(host);
    for (const [name, value] of Object.entries(values)) variables.set(name, value);
    // One host's variables may be made of another's.
    this.#records.clear();
  }

  #setOf(host: string): Map<string, unknown> {
    const known = this.#set.get(host);
    if (known !== undefined) return known;
    const variables = new Map<string, unknown>();
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
      valueLayer('set', this.#setOf(host.name)),
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
        return host === undefined ? undefined : this.#hostRecord(host);
      },
    });
  }

  /** What others see of a host: kept, rendered values included, until the host learns something. */
  #hostRecord(host: Host): LazyRecord {
    const facts = this.#options.factsOf(host.name);
    const known = this.#records.get(host.name);
    if (known !== undefined && known.facts === facts) return known.record;
    const record = new LazyRecord(this.scope(host, []));
    this.#records.set(host.name, { facts, record });
    return record;
  }
}
