import { missing } from '../errors.ts';
import type { OvsMap } from './columns.ts';
import type { OvsBridge, OvsDatabase } from './database.ts';

/** What a map should be: keys that are not named stay, unless the map is to be replaced. */
export function wantMap(given: OvsMap | undefined, now: OvsMap | undefined, replace: boolean): OvsMap | undefined {
  if (given === undefined || !replace) return given;
  const others = Object.keys(now ?? {}).filter((key) => !(key in given));
  return { ...given, ...Object.fromEntries(others.map((key) => [key, null])) };
}

/** A value that means the same as "not set" is not written where nothing is set. */
export const wantUnlessDefault = <T>(given: T | undefined, now: T | undefined, same: T, unset: T): T | undefined =>
  given === same && (now === undefined || now === unset) ? unset : given;

const install = 'install it: package: { name: openvswitch-switch } (openvswitch on RHEL)';

/** @throws KvmnetError `missing` where Open vSwitch is not installed and something has to be there */
export function bridgesOf(database: OvsDatabase | null, state: 'present' | 'absent'): readonly OvsBridge[] {
  if (database !== null) return database.bridges;
  if (state === 'absent') return [];
  throw missing('ovs-vsctl is not installed', install);
}

/** @throws KvmnetError `missing` where there is no such bridge */
export function needBridge(bridges: readonly OvsBridge[], name: string): OvsBridge {
  const bridge = bridges.find((item) => item.name === name);
  if (bridge !== undefined) return bridge;
  throw missing(`the bridge ${name} does not exist in Open vSwitch`, `make it first: ovs_bridge: { name: ${name} }`);
}
