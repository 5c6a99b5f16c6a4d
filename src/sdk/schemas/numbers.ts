import { int } from './int.ts';

/** 802.1Q VLAN id, 1 to 4094; with `zero` also 0 for "no VLAN". */
export const vlanId = (options: { readonly zero?: boolean } = {}) =>
  int({ min: options.zero === true ? 0 : 1, max: 4094, what: 'a VLAN id' });

/** VXLAN network identifier, 0 to 16777215. */
export const vni = () => int({ min: 0, max: 16_777_215, what: 'a VNI' });

/** TCP or UDP port, 1 to 65535. */
export const port = () => int({ min: 1, max: 65_535, what: 'a port' });

/** MTU in bytes; 68 is the least that IPv4 allows. */
export const mtu = () => int({ min: 68, max: 65_535, what: 'an MTU in bytes' });
