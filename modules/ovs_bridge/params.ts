import { z } from 'zod';
import { bool, ifname, int, ipAddress, ovsMap, ovsName, parseAddress } from '../../src/sdk/index.ts';

const versions = ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const;

const targetHelp = 'write e.g. "tcp:10.0.0.1:6653", "ssl:[fd00::1]:6653", "unix:/run/x.sock" or "ptcp:6653"';

/** Whether Open vSwitch takes it for a controller: ovs-vswitchd.conf.db(5), table Controller. */
function targetProblem(target: string): string | undefined {
  const [, method, rest = ''] = /^(tcp|ssl|ptcp|pssl|unix|punix):(.+)$/s.exec(target) ?? [];
  const bad = `${JSON.stringify(target)} is no controller: ${targetHelp}`;
  if (method === undefined || /[\s\0-\x1f]/.test(target)) return bad;
  if (method === 'unix' || method === 'punix') return rest.startsWith('/') ? undefined : bad;
  const passive = method.startsWith('p');
  const [, first, second] =
    (passive ? /^(\d+)(?::(\[[^\]]+\]|[^:[\]]+))?$/ : /^(\[[^\]]+\]|[^:[\]]+)(?::(\d+))?$/).exec(rest) ?? [];
  if (first === undefined) return bad;
  const [port, host] = passive ? [first, second] : [second, first];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return `the port of ${target} is not between 1 and 65535`;
  if (host === undefined || !/^[[\d]/.test(host)) return undefined;
  try {
    parseAddress(host.replace(/^\[|\]$/g, ''));
    return undefined;
  } catch {
    return bad;
  }
}

const target = () =>
  z.string({ error: `a controller is text: ${targetHelp}` }).superRefine((text, context) => {
    const problem = targetProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const Controller = z.strictObject({
  target: target().describe('where it is: tcp:ADDRESS:PORT, ssl:…, unix:PATH, or ptcp:PORT to listen'),
  connection_mode: z
    .enum(['in-band', 'out-of-band'])
    .nullable()
    .optional()
    .describe('whether its traffic goes through this bridge itself; default of Open vSwitch: in-band'),
  inactivity_probe: int({ min: 0 })
    .nullable()
    .optional()
    .describe('milliseconds of silence until it is probed; 0: never'),
  max_backoff: int({ min: 1000 }).nullable().optional().describe('milliseconds between attempts to connect, at most'),
  local_ip: ipAddress().nullable().optional().describe('address of the local port, for in-band control'),
});

export const OvsBridge = z
  .strictObject({
    name: ovsName().describe('name of the bridge'),
    datapath_type: z
      .enum(['system', 'netdev'])
      .optional()
      .describe('system: in the kernel; netdev: in userspace (DPDK); a change makes all ports anew'),
    fail_mode: z
      .enum(['standalone', 'secure'])
      .nullable()
      .optional()
      .describe('without a controller: standalone forwards like a switch, secure only as its flows say'),
    protocols: z
      .array(z.enum(versions, { error: `expected one of ${versions.join(', ')}` }))
      .nullable()
      .optional()
      .describe('versions of OpenFlow that it speaks; null: the default of Open vSwitch'),
    controllers: z
      .array(z.union([target().transform((text): z.output<typeof Controller> => ({ target: text })), Controller]))
      .nullable()
      .optional()
      .describe('OpenFlow controllers, all of them: targets, or maps with more; [] takes them away'),
    other_config: ovsMap().optional().describe('further settings, e.g. hwaddr; keys that are not named stay'),
    external_ids: ovsMap().optional().describe('marks for other programs; keys that are not named stay'),
    replace: bool().default(false).describe('other_config and external_ids hold what is given here and nothing else'),
    move_ip_from: ifname()
      .optional()
      .describe(
        'link that becomes its port and whose addresses and routes go to it, in one go; kept across boots by a unit',
      ),
    stp: bool().optional().describe('spanning tree (802.1D)'),
    rstp: bool().optional().describe('rapid spanning tree (802.1w)'),
    mcast_snooping: bool().optional().describe('multicast goes only to ports that asked for it'),
    state: z.enum(['present', 'absent']).default('present').describe('absent takes its ports away too'),
  })
  .superRefine((p, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (p.move_ip_from === p.name) complain('move_ip_from', `${p.name} cannot be its own port`);
    if (p.stp === true && p.rstp === true) complain('rstp', 'stp and rstp exclude each other: choose one');
    const targets = (p.controllers ?? []).map((controller) => controller.target);
    const twice = targets.find((text, i) => targets.indexOf(text) !== i);
    if (twice !== undefined) complain('controllers', `the controller ${twice} is named twice`);
  });
export type OvsBridge = z.output<typeof OvsBridge>;
