import { z } from 'zod';
import {
  bool,
  ifname,
  int,
  mtu,
  ovsMap,
  ovsName,
  ovsPortName,
  unicastMac,
  vlanId,
  vlanSet,
} from '../../src/sdk/index.ts';

const vlanModes = ['access', 'trunk', 'native-tagged', 'native-untagged', 'dot1q-tunnel'] as const;

/** Kinds that are an interface of the kernel, with a name of at most 15 bytes. */
const kernelTypes: ReadonlySet<string | null | undefined> = new Set(['system', 'internal', 'tap', undefined, null]);
const tunnels: ReadonlySet<string | null | undefined> = new Set([
  'vxlan',
  'gre',
  'geneve',
  'stt',
  'erspan',
  'lisp',
  'gtpu',
]);

export const vlanParams = {
  tag: vlanId({ zero: true })
    .nullable()
    .optional()
    .describe('VLAN that the port is in, 0 to 4094; null: none. 0 is not the same as none'),
  trunks: vlanSet()
    .nullable()
    .optional()
    .describe('VLANs that it carries, numbers and ranges ("10-19"); null or []: all'),
  vlan_mode: z
    .enum(vlanModes)
    .nullable()
    .optional()
    .describe('default of Open vSwitch: access where there is a tag, else trunk'),
};

export const OvsPort = z
  .strictObject({
    bridge: ovsName().describe('bridge that it is on; a port of another bridge is moved'),
    name: ovsPortName().describe('name of the port and of its interface'),
    type: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/, { error: 'a type is a word such as internal, patch or vxlan' })
      .nullable()
      .optional()
      .describe(
        'system (an interface that is there), internal, patch, vxlan, gre, geneve, tap, dpdk, dpdkvhostuserclient, …',
      ),
    options: ovsMap()
      .optional()
      .describe('settings of the type, e.g. remote_ip, key, peer; keys that are not named stay'),
    ...vlanParams,
    lacp: z.enum(['active', 'passive', 'off']).nullable().optional().describe('LACP on this one link'),
    ofport_request: int({ min: 1, max: 65_279, what: 'an OpenFlow port' })
      .nullable()
      .optional()
      .describe('OpenFlow number that it gets and keeps, 1 to 65279; without it numbers may move at a restart'),
    mtu_request: mtu().nullable().optional().describe('MTU in bytes that Open vSwitch sets and keeps'),
    mac: unicastMac().nullable().optional().describe('MAC address of an internal port'),
    external_ids: ovsMap().optional().describe('marks on the port; keys that are not named stay'),
    other_config: ovsMap().optional().describe('further settings of the port; keys that are not named stay'),
    interface_external_ids: ovsMap().optional().describe('marks on its interface, e.g. iface-id'),
    interface_other_config: ovsMap().optional().describe('further settings of its interface, e.g. pmd-rxq-affinity'),
    replace: bool().default(false).describe('the maps hold what is given here and nothing else'),
    state: z.enum(['present', 'absent']).default('present').describe('whether it is on that bridge'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (kernelTypes.has(p.type) && p.state === 'present') {
      const problem = ifname().safeParse(p.name).error?.issues[0]?.message;
      if (problem !== undefined) complain('name', problem);
    }
    const vlans = vlanProblem(p);
    if (vlans !== undefined) complain('vlan_mode', vlans);
    if (p.state === 'absent') return;
    if (p.type === 'patch' && typeof p.options?.['peer'] !== 'string') {
      complain('options', 'a patch port needs options: { peer: NAME }: the port at its other end');
    }
    if (p.options?.['peer'] === p.name) complain('options', `${p.name} cannot be its own peer`);
    if (tunnels.has(p.type) && typeof p.options?.['remote_ip'] !== 'string') {
      complain('options', `a ${p.type} port needs options: { remote_ip: ADDRESS }, or flow as its value`);
    }
    if (typeof p.mac === 'string' && p.name === p.bridge) {
      complain(
        'mac',
        `give the MAC address to the bridge: ovs_bridge: { name: ${p.bridge}, other_config: { hwaddr: "${p.mac}" } }`,
      );
    } else if (typeof p.mac === 'string' && p.type !== 'internal') {
      complain('mac', 'only a port of type internal takes a MAC address: others have that of their device');
    }
  });
export type OvsPort = z.output<typeof OvsPort>;

interface Vlans {
  readonly tag?: number | null | undefined;
  readonly trunks?: readonly (string | number)[] | null | undefined;
  readonly vlan_mode?: string | null | undefined;
}

/** What Open vSwitch takes without a word and does not do. */
export function vlanProblem({ tag, trunks, vlan_mode: mode }: Vlans): string | undefined {
  if (mode === 'trunk' && typeof tag === 'number') {
    return 'a tag has no meaning with vlan_mode trunk: use native-untagged, or leave tag out';
  }
  if ((mode === 'access' || mode === 'dot1q-tunnel') && (trunks ?? []).length > 0) {
    return `trunks have no meaning with vlan_mode ${mode}: leave them out`;
  }
  return undefined;
}
