import { isDeepStrictEqual } from 'node:util';
import {
  addMirror,
  addPort,
  blankRow,
  changeColumns,
  changePort,
  checkInterfaces,
  createColumns,
  knownColumns,
  ovsTransaction,
  type OvsColumns,
  type OvsCommand,
  type Step,
} from '../../src/sdk/index.ts';
import { moveSteps, type Move, type Words } from './move.ts';
import type { Controller, State } from './read.ts';

/** What steps may be given: a state, or as much as is known of one that was to be made. */
export type Goal = Partial<State>;

/** What moves with the bridge, and what addresses have beside. */
export interface Moving {
  readonly nic?: string | undefined;
  readonly words?: Words;
}

/** The way from any state of the bridge `name` to any other, and back where its interfaces do not come up. */
export function bridgeSteps(
  name: string,
  from: Goal | null,
  to: Goal | null,
  { nic, words = new Map() }: Moving = {},
): readonly Step[] {
  const commands = bridgeCommands(name, from, to, nic);
  const checked = to === null || (from?.error ?? null) !== null ? [] : [name];
  const database =
    commands.length === 0
      ? []
      : [...ovsTransaction(commands), ...checkInterfaces(checked, bridgeCommands(name, to, from, nic))];
  if (nic === undefined) return database;
  const move = moveSteps(name, nic, from?.move ?? nowhere(to), to?.move ?? nowhere(from), words);
  // A link that is no port any more gets its addresses then: before, they would lead nowhere.
  return [...database, ...move];
}

/** A bridge that is not there: what it would have is the link's. */
const nowhere = (other: Goal | null): Move => {
  const { addresses = [], routes = [] } = other?.move ?? {};
  return { up: false, addresses: [], routes: [], nic: { addresses, routes } };
};

export function bridgeCommands(name: string, from: Goal | null, to: Goal | null, nic?: string): readonly OvsCommand[] {
  if (to === null) return from === null ? [] : [['--if-exists', 'del-br', name]];
  const add: readonly OvsCommand[] = from === null ? [['add-br', name]] : [];
  const set = changeColumns('Bridge', name, from === null ? blankRow('Bridge') : columnsOf(from), columnsOf(to));
  return [
    ...add,
    ...set,
    ...setControllers(name, from?.controllers ?? [], to.controllers ?? []),
    ...(from === null ? contents(name, to) : []),
    ...(nic === undefined ? [] : portCommands(name, nic, from, to)),
  ];
}

function portCommands(name: string, nic: string, from: Goal | null, to: Goal): readonly OvsCommand[] {
  const [was, wanted] = [from?.port ?? false, to.port ?? from?.port ?? false];
  // One that comes back with all its ports has this one among them.
  if (was === wanted || (from === null && to.ports?.[nic] !== undefined)) return [];
  return wanted ? [['--may-exist', 'add-port', name, nic]] : [['--if-exists', 'del-port', name, nic]];
}

/** As columns of the database; what a state does not speak of is not among them. */
const columnsOf = (state: Goal): OvsColumns =>
  knownColumns({
    datapath_type: state.datapath_type === null ? '' : state.datapath_type,
    fail_mode: state.fail_mode,
    protocols: state.protocols,
    other_config: state.other_config,
    external_ids: state.external_ids,
    stp_enable: state.stp,
    rstp_enable: state.rstp,
    mcast_snooping_enable: state.mcast_snooping,
    ...state.more,
  });

/**
 * All rows anew: a row has no name by which another task, or undo, could find it. ovs-vswitchd goes by the target and
 * keeps the connections that it has.
 */
function setControllers(name: string, from: readonly Controller[], to: readonly Controller[]): readonly OvsCommand[] {
  if (isDeepStrictEqual(sorted(from), sorted(to))) return [];
  if (to.length === 0) return [['clear', 'Bridge', name, 'controller']];
  const rows = to.map((controller, i) => [`--id=@c${i}`, 'create', 'Controller', ...createColumns(controller)]);
  return [...rows, ['set', 'Bridge', name, `controller=[${to.map((_, i) => `@c${i}`).join(',')}]`]];
}

const sorted = (list: readonly Controller[]): readonly unknown[] =>
  list
    .toSorted((a, b) => (a.target < b.target ? -1 : 1))
    .map((item) => Object.fromEntries(Object.entries(item).filter(([, value]) => !isBlank(value))));
const isBlank = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** Ports and mirrors of a bridge that comes back. */
function contents(name: string, to: Goal): readonly OvsCommand[] {
  const ports = Object.entries(to.ports ?? {});
  return [
    ...ports.flatMap(([port, state], i) => {
      if (port !== name) return addPort(name, port, state, `${i}`);
      const made = {
        columns: blankRow('Port'),
        interfaces: { [name]: { ...blankRow('Interface'), type: 'internal' } },
      };
      return changePort(name, made, state);
    }),
    ...(to.mirrors ?? []).flatMap((mirror, i) => addMirror(name, mirror, `${i}`)),
  ];
}
