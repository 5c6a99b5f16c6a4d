import {
  interfaceError,
  knownColumns,
  listColumn,
  mapColumn,
  numberColumn,
  textColumn,
  type OvsColumns,
  type OvsMap,
  type OvsPort,
  type OvsPortState,
} from '../../src/sdk/index.ts';

type Member = {
  readonly name: string;
  /** null: the default, which is `system`. */
  readonly type: string | null;
  readonly options: OvsMap;
  readonly mtu_request: number | null;
  /** Never wanted: other columns, which undo brings back. */
  readonly more: OvsColumns;
};

/** A bond in canonical form. */
export type State = {
  bridge: string;
  interfaces: readonly Member[];
  bond_mode: string | null;
  lacp: string | null;
  bond_updelay: number;
  bond_downdelay: number;
  tag: number | null;
  trunks: readonly (string | number)[];
  vlan_mode: string | null;
  other_config: OvsMap;
  external_ids: OvsMap;
  /** What is wrong with its members, each after its name. */
  error: string | null;
  more: OvsColumns;
};
/** What steps may be given: a state, or as much as is known of one that was to be made. */
export type Goal = Partial<Omit<State, 'interfaces'>> & {
  interfaces?: readonly (Partial<Member> & { readonly name: string })[];
};

export function readState(bridge: string, port: OvsPort): State {
  const { bond_mode, lacp, bond_updelay, bond_downdelay, tag, trunks, vlan_mode, other_config, external_ids, ...more } =
    port.config;
  const errors = port.interfaces.flatMap((member) => {
    const error = interfaceError(member);
    return error === null ? [] : [`${member.name}: ${error}`];
  });
  return {
    bridge,
    interfaces: port.interfaces.map(({ name, config }) => {
      const { type, options, mtu_request, ...others } = config;
      return {
        name,
        type: type === '' || type === 'system' ? null : textColumn(type),
        options: mapColumn(options),
        mtu_request: numberColumn(mtu_request),
        more: others,
      };
    }),
    bond_mode: textColumn(bond_mode),
    lacp: textColumn(lacp),
    bond_updelay: Number(bond_updelay),
    bond_downdelay: Number(bond_downdelay),
    tag: numberColumn(tag),
    trunks: listColumn(trunks),
    vlan_mode: textColumn(vlan_mode),
    other_config: mapColumn(other_config),
    external_ids: mapColumn(external_ids),
    error: errors.length === 0 ? null : errors.join('; '),
    more,
  };
}

/** As rows of the database; what a state does not speak of is not among them. */
export const rowsOf = ({ interfaces = [], ...state }: Goal): OvsPortState => ({
  columns: knownColumns({
    ...state.more,
    bond_mode: state.bond_mode,
    lacp: state.lacp,
    bond_updelay: state.bond_updelay,
    bond_downdelay: state.bond_downdelay,
    tag: state.tag,
    trunks: state.trunks,
    vlan_mode: state.vlan_mode,
    other_config: state.other_config,
    external_ids: state.external_ids,
  }),
  interfaces: Object.fromEntries(
    interfaces.map(({ name, type, options, mtu_request, more }) => [
      name,
      knownColumns({ ...more, type: type === null ? '' : type, options, mtu_request }),
    ]),
  ),
});
