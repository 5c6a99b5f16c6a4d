import { z } from 'zod';
import type { Json } from '../../util/json.ts';
import type { ProbeOutput } from '../probe.ts';
import { toolJson } from './tool-output.ts';

/** A virtual function as its physical function keeps it. */
export interface LinkVf {
  readonly id: number;
  readonly mac: string;
  /** 0: no VLAN. */
  readonly vlan: number;
  readonly qos: number;
  readonly vlanProtocol: '802.1Q' | '802.1ad';
  /** Mbit/s; 0: no limit. */
  readonly minTxRate: number;
  readonly maxTxRate: number;
  readonly linkState: 'auto' | 'enable' | 'disable';
  /** Undefined where the driver does not say. */
  readonly spoofCheck: boolean | undefined;
  readonly trust: boolean | undefined;
}

/** A network interface as `ip -d -j link show` tells it. */
export interface Link {
  readonly name: string;
  readonly index: number;
  readonly up: boolean;
  readonly flags: readonly string[];
  readonly operstate: string;
  /** Bytes. */
  readonly mtu: number;
  readonly minMtu: number | undefined;
  /** 0 or undefined: no limit. */
  readonly maxMtu: number | undefined;
  readonly mac: string | undefined;
  readonly master: string | undefined;
  /** The link it lies on (vxlan's dev, macvlan's parent), or the peer of a veth. */
  readonly lower: string | undefined;
  readonly alias: string | undefined;
  readonly altnames: readonly string[];
  readonly promiscuity: number;
  readonly txqlen: number | undefined;
  /** `bridge`, `vxlan`, …; undefined for a physical device. */
  readonly kind: string | undefined;
  /** What is particular to the kind, in the words of iproute2. */
  readonly data: Readonly<Record<string, Json>>;
  readonly slaveKind: string | undefined;
  readonly slaveData: Readonly<Record<string, Json>>;
  /** PCI address or the like. */
  readonly device: string | undefined;
  readonly vfs: readonly LinkVf[];
}

const Data = z.record(z.string(), z.json());
const Vf = z.object({
  vf: z.int(),
  address: z.string().default('00:00:00:00:00:00'),
  vlan_list: z
    .array(z.object({ vlan: z.int().optional(), qos: z.int().optional(), protocol: z.string().optional() }))
    .default([]),
  // iproute2 before 4.19 or drivers without a VLAN list.
  vlan: z.int().optional(),
  qos: z.int().optional(),
  tx_rate: z.int().optional(),
  rate: z.object({ max_tx: z.int().default(0), min_tx: z.int().default(0) }).optional(),
  spoofchk: z.boolean().optional(),
  trust: z.boolean().optional(),
  link_state: z.enum(['auto', 'enable', 'disable']).default('auto'),
});

const RawLink = z.object({
  ifindex: z.int(),
  ifname: z.string(),
  flags: z.array(z.string()).default([]),
  mtu: z.int(),
  min_mtu: z.int().optional(),
  max_mtu: z.int().optional(),
  operstate: z.string().default('UNKNOWN'),
  address: z.string().optional(),
  master: z.string().optional(),
  link: z.string().optional(),
  ifalias: z.string().optional(),
  altnames: z.array(z.string()).default([]),
  promiscuity: z.int().default(0),
  txqlen: z.int().optional(),
  parentdev: z.string().optional(),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_data: Data.optional(),
      info_slave_kind: z.string().optional(),
      info_slave_data: Data.optional(),
    })
    .default({}),
  vfinfo_list: z.array(Vf).default([]),
});

export function readLink(raw: z.output<typeof RawLink>): Link {
  return {
    name: raw.ifname,
    index: raw.ifindex,
    up: raw.flags.includes('UP'),
    flags: raw.flags,
    operstate: raw.operstate,
    mtu: raw.mtu,
    minMtu: raw.min_mtu,
    maxMtu: raw.max_mtu,
    mac: raw.address?.toLowerCase(),
    master: raw.master,
    lower: raw.link,
    alias: raw.ifalias,
    altnames: raw.altnames,
    promiscuity: raw.promiscuity,
    txqlen: raw.txqlen,
    kind: raw.linkinfo.info_kind,
    data: raw.linkinfo.info_data ?? {},
    slaveKind: raw.linkinfo.info_slave_kind,
    slaveData: raw.linkinfo.info_slave_data ?? {},
    device: raw.parentdev,
    vfs: raw.vfinfo_list.map(readVf),
  };
}

function readVf(raw: z.output<typeof Vf>): LinkVf {
  const vlan = raw.vlan_list[0] ?? raw;
  return {
    id: raw.vf,
    mac: raw.address.toLowerCase(),
    vlan: vlan.vlan ?? 0,
    qos: vlan.qos ?? 0,
    vlanProtocol: raw.vlan_list[0]?.protocol?.toLowerCase() === '802.1ad' ? '802.1ad' : '802.1Q',
    minTxRate: raw.rate?.min_tx ?? 0,
    maxTxRate: raw.rate?.max_tx ?? raw.tx_rate ?? 0,
    linkState: raw.link_state,
    spoofCheck: raw.spoofchk,
    trust: raw.trust,
  };
}

// With filters (`type vxlan`) old versions print an empty object for each link left out.
const isEmpty = (item: unknown): boolean => typeof item === 'object' && item !== null && Object.keys(item).length === 0;
export const RawLinks = z.preprocess(
  (list) => (Array.isArray(list) ? list.filter((item) => !isEmpty(item)) : list),
  z.array(RawLink),
);

/** Reads `ip -d -j link show`. */
export const parseLinks = (output: ProbeOutput): readonly Link[] =>
  toolJson(output, 'ip -d -j link show', RawLinks).map(readLink);
