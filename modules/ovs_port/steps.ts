import {
  addPort,
  changePort,
  checkInterfaces,
  ovsTransaction,
  type OvsCommand,
  type Step,
  type Touches,
} from '../../src/sdk/index.ts';
import { rowsOf, type State } from './read.ts';

/** What steps may be given: a state, or as much as is known of one that was to be made. */
export type Goal = Partial<State>;

/** The way from any state of the port `name` to any other, and back where it does not come up. */
export function portSteps(name: string, from: Goal | null, to: Goal | null): readonly Step[] {
  const parts = portCommands(name, from, to);
  if (parts.length === 0) return [];
  const checked = to === null || (from?.error ?? null) !== null ? [] : [name];
  return [...parts.flatMap(ovsTransaction), ...checkInterfaces(checked, portCommands(name, to, from).flat())];
}

/** Transactions. */
function portCommands(name: string, from: Goal | null, to: Goal | null): readonly (readonly OvsCommand[])[] {
  const remove: OvsCommand = ['--if-exists', 'del-port', ...(from?.bridge === undefined ? [] : [from.bridge]), name];
  if (to === null) return from === null ? [] : [[remove]];
  const add = (): readonly OvsCommand[] => addPort(to.bridge ?? '', name, rowsOf(name, to));
  if (from === null) return [add()];
  if (from.bridge === to.bridge) {
    const commands = changePort(name, rowsOf(name, from), rowsOf(name, to));
    return commands.length === 0 ? [] : [commands];
  }
  // ovs-vswitchd makes the new tunnel before it has let go of the old one, and says "File exists" (seen with 3.1).
  return isOwn(from) ? [[remove], add()] : [[remove, ...add()]];
}

/** Kinds that are made by Open vSwitch itself: nothing goes over them before they are there. */
const isOwn = (state: Goal): boolean => (state.type ?? null) !== null && state.type !== 'afxdp';

export function touched(name: string, from: Goal | null, to: Goal | null): Touches | 'none' {
  const bridges = [from?.bridge, to?.bridge].filter((bridge) => bridge !== undefined);
  if (from === null) return to === null || isOwn(to) ? 'none' : { links: [name] };
  const links = [...new Set([name, ...bridges])];
  if (to === null || from.bridge !== to.bridge) return { links };
  const carried = (state: Goal): Goal => ({ ...state, external_ids: {}, interface_external_ids: {} });
  return portCommands(name, carried(from), carried(to)).length === 0 ? 'none' : { links };
}
