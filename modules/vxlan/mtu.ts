import { ipFamily } from '../../src/sdk/index.ts';
import { anyEnd, type Vxlan } from './params.ts';

/** Bytes that VXLAN adds to a frame: outer IP, UDP, VXLAN and inner Ethernet header. */
export function overhead(p: Vxlan): 50 | 70 {
  const end = anyEnd(p);
  return end !== undefined && ipFamily(end) === 6 ? 70 : 50;
}

/**
 * The MTU that fits through the links below: that of `dev`, or of all links on which the ends are reached. The kernel
 * sets it once, from `dev` alone, and takes 1500 without one.
 * @returns undefined where no link below is known
 */
export function carriedMtu(
  p: Vxlan,
  underlay: readonly string[],
  mtus: ReadonlyMap<string, number>,
): number | undefined {
  const links = p.dev === undefined ? underlay : [p.dev];
  // A route to the host itself (`lo`) says nothing about the way to other hosts.
  const known = links.filter((name) => name !== 'lo' && name !== p.name).flatMap((name) => mtus.get(name) ?? []);
  return known.length === 0 ? undefined : Math.min(...known) - overhead(p);
}
