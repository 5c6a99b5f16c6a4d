import {
  addPort,
  blankRow,
  changeColumns,
  checkInterfaces,
  ovsTransaction,
  type OvsColumns,
  type OvsCommand,
  type Step,
  type Touches,
} from '../../src/sdk/index.ts';
import { rowsOf, type Goal } from './read.ts';

const membersOf = (state: Goal | null): readonly string[] => (state?.interfaces ?? []).map(({ name }) => name);

/** The way from any state of the bond `name` to any other, and back where a member does not come up. */
export function bondSteps(name: string, from: Goal | null, to: Goal | null): readonly Step[] {
  const commands = bondCommands(name, from, to);
  if (commands.length === 0) return [];
  const checked = to === null || (from?.error ?? null) !== null ? [] : membersOf(to);
  return [...ovsTransaction(commands), ...checkInterfaces(checked, bondCommands(name, to, from))];
}

function bondCommands(name: string, from: Goal | null, to: Goal | null): readonly OvsCommand[] {
  const remove: OvsCommand = ['--if-exists', 'del-port', ...(from?.bridge === undefined ? [] : [from.bridge]), name];
  if (to === null) return from === null ? [] : [remove];
  const { bridge = '' } = to;
  const add = addPort(bridge, name, rowsOf(to));
  if (from === null) return add;
  if (from.bridge !== to.bridge) return [remove, ...add];
  return [...changeColumns('Port', name, rowsOf(from).columns, rowsOf(to).columns), ...changeMembers(name, from, to)];
}

/** New members first: a bond never loses all of them. */
function changeMembers(name: string, from: Goal, to: Goal): readonly OvsCommand[] {
  const [was, wanted] = [rowsOf(from).interfaces, rowsOf(to).interfaces];
  const blank: OvsColumns = blankRow('Interface');
  return [
    ...Object.keys(wanted).flatMap((member) => (was[member] === undefined ? [['add-bond-iface', name, member]] : [])),
    ...Object.keys(was).flatMap((member) => (wanted[member] === undefined ? [['del-bond-iface', name, member]] : [])),
    ...Object.entries(wanted).flatMap(([member, columns]) =>
      changeColumns('Interface', member, was[member] ?? blank, columns),
    ),
  ];
}

export function touched(name: string, from: Goal | null, to: Goal | null): Touches | 'none' {
  const links = [...new Set([...membersOf(from), ...membersOf(to)])];
  if (from === null) return to === null ? 'none' : { links };
  const bridges = [from.bridge, to?.bridge].filter((bridge) => bridge !== undefined);
  const silent = (state: Goal): Goal => ({ ...state, external_ids: {} });
  if (to !== null && bondCommands(name, silent(from), silent(to)).length === 0) return 'none';
  return { links: [...new Set([...links, ...bridges])] };
}
