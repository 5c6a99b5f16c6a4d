import { z } from 'zod';
import { bool, int, mtu, ovsMap, ovsName, ovsPortName, vlanId, vlanSet } from '../../src/sdk/index.ts';

const Member = z.strictObject({
  name: ovsPortName().describe('name of the interface'),
  type: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/, { error: 'a type is a word such as dpdk' })
    .nullable()
    .optional()
    .describe('kind of interface; default: one of the kernel that is there'),
  options: ovsMap().optional().describe('settings of the type, e.g. dpdk-devargs'),
  mtu_request: mtu().nullable().optional().describe('MTU in bytes that Open vSwitch sets and keeps'),
});

export const OvsBond = z
  .strictObject({
    bridge: ovsName().describe('bridge that it is on; a bond of another bridge is moved'),
    name: ovsPortName().describe('name of the bond'),
    interfaces: z
      .array(z.union([ovsPortName().transform((name): z.output<typeof Member> => ({ name })), Member]))
      .optional()
      .describe('all members, at least two: names, or maps with more; needed unless state is absent'),
    bond_mode: z
      .enum(['active-backup', 'balance-slb', 'balance-tcp'])
      .nullable()
      .optional()
      .describe('how frames are spread; balance-tcp needs LACP; default of Open vSwitch: active-backup'),
    lacp: z.enum(['active', 'passive', 'off']).nullable().optional().describe('LACP; default of Open vSwitch: off'),
    bond_updelay: int({ min: 0 })
      .nullable()
      .optional()
      .describe('milliseconds that a link must be up before it is used'),
    bond_downdelay: int({ min: 0 })
      .nullable()
      .optional()
      .describe('milliseconds that a link must be down before it is left'),
    tag: vlanId({ zero: true }).nullable().optional().describe('VLAN that it is in, 0 to 4094; null: none'),
    trunks: vlanSet().nullable().optional().describe('VLANs that it carries, numbers and ranges; null or []: all'),
    vlan_mode: z
      .enum(['access', 'trunk', 'native-tagged', 'native-untagged', 'dot1q-tunnel'])
      .nullable()
      .optional()
      .describe('default of Open vSwitch: access where there is a tag, else trunk'),
    other_config: ovsMap().optional().describe('further settings, e.g. lacp-time, bond-primary; keys not named stay'),
    external_ids: ovsMap().optional().describe('marks for other programs; keys that are not named stay'),
    replace: bool().default(false).describe('the maps hold what is given here and nothing else'),
    state: z.enum(['present', 'absent']).default('present').describe('whether it is on that bridge'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.vlan_mode === 'trunk' && typeof p.tag === 'number') {
      complain('vlan_mode', 'a tag has no meaning with vlan_mode trunk: use native-untagged, or leave tag out');
    }
    if (p.state === 'absent') return;
    const names = (p.interfaces ?? []).map(({ name }) => name);
    if (names.length < 2) complain('interfaces', 'a bond needs at least two interfaces: for one link use ovs_port');
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) complain('interfaces', `${twice} is named twice`);
    if (names.includes(p.name)) complain('interfaces', `the bond ${p.name} cannot be a member of itself`);
    if (p.bond_mode === 'balance-tcp' && (p.lacp === 'off' || p.lacp === null)) {
      complain('lacp', 'balance-tcp works with LACP only: set lacp to active or passive');
    }
  });
export type OvsBond = z.output<typeof OvsBond>;
