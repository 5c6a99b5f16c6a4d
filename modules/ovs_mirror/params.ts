import { z } from 'zod';
import { bool, int, ovsMap, ovsName, ovsPortName, vlanId, vlanSet } from '../../src/sdk/index.ts';

export const OvsMirror = z
  .strictObject({
    bridge: ovsName().describe('bridge whose frames are copied'),
    name: z
      .string()
      .min(1)
      .refine((name) => !name.includes('\0'), { error: 'a NUL character cannot be stored' })
      .describe('name of the mirror, one of its kind on that bridge'),
    select_all: bool().optional().describe('copy all frames of the bridge'),
    select_src_port: z.array(ovsPortName()).optional().describe('ports of which arriving frames are copied'),
    select_dst_port: z.array(ovsPortName()).optional().describe('ports of which leaving frames are copied'),
    select_vlan: vlanSet().optional().describe('only frames of these VLANs, numbers and ranges'),
    output_port: ovsPortName().optional().describe('port that gets the copies, and nothing else'),
    output_vlan: vlanId().optional().describe('VLAN that gets the copies, in place of output_port'),
    snaplen: int({ min: 14, max: 65_535, what: 'a length in bytes' })
      .optional()
      .describe('bytes of each frame that are copied, 14 to 65535; default: all'),
    external_ids: ovsMap().optional().describe('marks for other programs; keys that are not named stay'),
    state: z.enum(['present', 'absent']).default('present').describe('whether it is there'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.state === 'absent') return;
    const selected = [...(p.select_src_port ?? []), ...(p.select_dst_port ?? [])];
    if (p.select_all !== true && selected.length === 0) {
      complain('select_all', 'nothing is selected: give select_src_port, select_dst_port, or select_all: yes');
    }
    if (p.select_all === true && selected.length > 0) {
      complain('select_all', 'select_all copies everything: leave select_src_port and select_dst_port out');
    }
    if (p.output_port === undefined && p.output_vlan === undefined) {
      complain('output_port', 'a mirror needs output_port or output_vlan');
    }
    if (p.output_port !== undefined && p.output_vlan !== undefined) {
      complain('output_port', 'give output_port or output_vlan, not both');
    }
    if (p.output_port !== undefined && selected.includes(p.output_port)) {
      complain('output_port', `${p.output_port} cannot get copies of its own frames`);
    }
    if (p.output_vlan !== undefined && p.select_vlan?.includes(p.output_vlan) === true) {
      complain('output_vlan', `copies in VLAN ${p.output_vlan} would be copied again: take it out of select_vlan`);
    }
  });
export type OvsMirror = z.output<typeof OvsMirror>;
