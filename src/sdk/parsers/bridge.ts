import { z } from 'zod';
import type { ProbeOutput } from '../probe.ts';
import { parseAddress } from '../schemas/ip.ts';
import { toolJson } from './tool-output.ts';

/** A forwarding entry as `bridge -j fdb show` tells it. */
export interface FdbEntry {
  readonly mac: string;
  readonly dev: string | undefined;
  /** The remote end, for VXLAN. */
  readonly dst: string | undefined;
  /** The link that leads there, where one is set. */
  readonly via: string | undefined;
  readonly port: number | undefined;
  readonly vni: number | undefined;
  readonly vlan: number | undefined;
  readonly master: string | undefined;
  readonly flags: readonly string[];
  /** `permanent`, `static`, or empty for a learned one. */
  readonly state: string;
}

const RawFdb = z.object({
  mac: z.string(),
  ifname: z.string().optional(),
  dst: z.string().optional(),
  viaIf: z.string().optional(),
  port: z.int().optional(),
  vni: z.int().optional(),
  vlan: z.int().optional(),
  master: z.string().optional(),
  flags: z.array(z.string()).default([]),
  state: z.string().default(''),
});

/** Reads `bridge -j fdb show`, also of a device that does not exist: no entries. */
export function parseFdb(output: ProbeOutput): readonly FdbEntry[] {
  if (noSuchDevice(output)) return [];
  return toolJson(output, 'bridge -j fdb show', z.array(RawFdb)).map((raw) => ({
    mac: raw.mac.toLowerCase(),
    dev: raw.ifname,
    dst: raw.dst === undefined ? undefined : parseAddress(raw.dst),
    via: raw.viaIf,
    port: raw.port,
    vni: raw.vni,
    vlan: raw.vlan,
    master: raw.master,
    flags: raw.flags,
    state: raw.state,
  }));
}

/** VLANs of a bridge port; a range has `to`. */
export interface PortVlan {
  readonly dev: string;
  readonly from: number;
  readonly to: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

const RawVlans = z.array(
  z.object({
    ifname: z.string(),
    vlans: z
      .array(z.object({ vlan: z.int(), vlanEnd: z.int().optional(), flags: z.array(z.string()).default([]) }))
      .default([]),
  }),
);

/** Reads `bridge -j vlan show`. A kernel without VLAN filtering has none. */
export function parseBridgeVlans(output: ProbeOutput): readonly PortVlan[] {
  if (output.code !== 0 && output.code !== 127 && output.stderr.includes('not supported')) return [];
  if (noSuchDevice(output)) return [];
  return toolJson(output, 'bridge -j vlan show', RawVlans).flatMap(({ ifname, vlans }) =>
    vlans.map(({ vlan, vlanEnd, flags }) => ({
      dev: ifname,
      from: vlan,
      to: vlanEnd ?? vlan,
      pvid: flags.includes('PVID'),
      untagged: flags.includes('Egress Untagged'),
    })),
  );
}

/** Whether iproute2 failed only because the device is not there. */
export const noSuchDevice = (output: ProbeOutput): boolean =>
  output.code !== 0 && output.code !== 127 && /Cannot find (bridge )?device|does not exist/i.test(output.stderr);
