/** What the modules of Open vSwitch share: its database as it is, and transactions that change it. */
export {
  blankRow,
  knownColumns,
  listColumn,
  mapColumn,
  numberColumn,
  sortedSet,
  textColumn,
  type OvsColumns,
  type OvsMap,
} from './ovs/columns.ts';
export { changeColumns, checkInterfaces, createColumns, ovsTransaction, type OvsCommand } from './ovs/commands.ts';
export {
  ovsDatabase,
  type OvsBridge,
  type OvsController,
  type OvsDatabase,
  type OvsInterface,
  type OvsPort,
} from './ovs/database.ts';
export {
  addMirror,
  addPort,
  changePort,
  interfaceError,
  mirrorState,
  portState,
  type OvsMirrorState,
  type OvsPortState,
} from './ovs/ports.ts';
export { ovsMap, ovsName, ovsPortName, vlanSet } from './ovs/schemas.ts';
export { bridgesOf, needBridge, wantMap, wantUnlessDefault } from './ovs/wanted.ts';
