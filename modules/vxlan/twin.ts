import { ipFamily } from '../../src/sdk/index.ts';
import { anyEnd, type Vxlan } from './params.ts';
import type { Socket, State } from './read.ts';

// The kernel makes one for IPv4 where it is told of no address.
const familyOf = (end: string | undefined): 4 | 6 => (end === undefined ? 4 : ipFamily(end));

/**
 * Whether the kernel takes another VXLAN for a reason not to have this one (vxlan_vni_in_use): the VNI and the port are the same
 * on sockets of one family, whatever the links, except where addresses have a meaning on their link alone.
 */
export function excludes(other: Socket, p: Vxlan, now: State | null): boolean {
  if (other.vni !== p.vni || other.dstport !== p.dstport) return false;
  const end = anyEnd(p) ?? anyEnd(now);
  if (familyOf(other.end) !== familyOf(end)) return false;
  return end === undefined || !/^fe[89ab]/i.test(end) || other.dev === p.dev;
}
