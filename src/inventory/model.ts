import type { LayerKind, YamlNode } from '../lang/index.ts';
import type { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';

/** Variables of one origin, as written: values may hold templates and tags, which `src/lang` renders per host. */
export interface VarLayer {
  /** The rank of `src/lang`'s scopes; within one rank the later layer wins. */
  readonly kind: LayerKind;
  /** Where they come from, for explanations: `group kvm`, `host kvm01`, or the path of a group_vars or host_vars file. */
  readonly label: string;
  readonly values: ReadonlyMap<string, YamlNode>;
}

export interface Host {
  readonly name: string;
  /** What `group_names` is in a play: all groups the host is in, without `all`, sorted by name. */
  readonly groups: readonly string[];
  /** The host's variables from weakest to strongest; a name in a later layer replaces that name in earlier ones. */
  readonly layers: readonly VarLayer[];
  /** The source that named the host first (absolute path); undefined for a host list and for the implicit localhost. */
  readonly file: string | undefined;
  /** True for `localhost` where no source names it: reached without a network and in no group. */
  readonly implicit: boolean;
}

export interface Group {
  readonly name: string;
  /** Steps below `all` on the longest way down. */
  readonly depth: number;
  readonly priority: number;
  readonly children: readonly string[];
  /** Hosts named in the group itself. */
  readonly ownHosts: readonly string[];
  /** Hosts of the group and of all groups below it, in the inventory's order. */
  readonly hosts: readonly string[];
}

export interface Inventory {
  /** In the inventory's order. */
  readonly hosts: ReadonlyMap<string, Host>;
  readonly groups: ReadonlyMap<string, Group>;
  /** What is accepted but probably not what was meant. */
  readonly warnings: readonly KvmnetError[];
  /** The host of that name; `localhost`, `127.0.0.1` and `::1` exist even where no source names them. */
  host(name: string): Host | undefined;
  /**
   * The hosts that a pattern means, in Ansible's order (that of its terms, in each term that of the inventory), less
   * those outside `limit`. Empty where groups are empty or everything is excluded.
   * @throws KvmnetError (`inventory`) for a name or glob that means nothing, and for an inventory without hosts.
   */
  select(pattern: string, options?: SelectOptions): readonly Host[];
}

export interface SelectOptions {
  /** Where the pattern stands, for errors. */
  readonly at?: SourceLocation | undefined;
  /** `-l`: a pattern, or `@file` with one pattern a line. */
  readonly limit?: string | undefined;
  /** Told about exclusions (`!kvm09`) that exclude nothing. */
  readonly onWarning?: ((warning: KvmnetError) => void) | undefined;
}
