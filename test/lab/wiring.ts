import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A data link of a host, plugged into a segment: a switch of its own that carries jumbo frames and floods multicast. */
export interface NicSpec {
  /** Hosts whose links name the same segment hear one another; `none` leaves the link without a neighbour. */
  readonly segment: string;
  /** Set by the host's own configuration at every boot; without any the link is left down, as on a new machine. */
  readonly addresses?: readonly string[];
}

/** The data links of a host by name: `{ eth1: { segment: 'fabric' } }`. eth0 is the management link, always there. */
export type Nics = Readonly<Record<string, NicSpec>>;

export type HostKind = 'bare' | 'systemd';

/** What is known of a host, as kept in the lab's state. */
export interface HostRecord {
  readonly name: string;
  readonly kind: HostKind;
  /** From 1, never used twice in a lab. */
  readonly index: number;
  /** On the management link: where sshd is reached from the hub. */
  readonly address: string;
  readonly address6: string;
  readonly nics: Nics;
}

export const HUB_ADDRESS = '10.97.255.254';

export const addressOf = (index: number): string => `10.97.${Math.floor(index / 250)}.${(index % 250) + 1}`;

export const address6Of = (index: number): string => `fd97::${index.toString(16)}`;

/** eth0 first, then the others in the order they were given. */
export const linkNames = (nics: Nics): readonly string[] => ['eth0', ...Object.keys(nics)];

/** Our end of a host's link, in the hub (eth0) or in the switch. */
export function ourEnd(host: HostRecord, nic: string): string {
  const n = linkNames(host.nics).indexOf(nic);
  if (n < 0) throw new Error(`${host.name} has no link ${nic}; it has ${linkNames(host.nics).join(', ')}`);
  return `h${host.index}e${n}`;
}

/** The bridge, in the switch, that is a data link's segment. */
export const segmentBridge = (nic: NicSpec | undefined): string | undefined =>
  nic === undefined || nic.segment === 'none' ? undefined : `s-${nic.segment}`;

/** Locally administered, the same at every boot. */
function macOf(host: HostRecord, nic: string): string {
  const octets = [0x02, 0x97, 0, host.index >> 8, host.index & 0xff, linkNames(host.nics).indexOf(nic)];
  return octets.map((o) => o.toString(16).padStart(2, '0')).join(':');
}

/** Batches for `ip -b` that `sh/wire.sh` runs at every boot. `uplink` is the bridge that carries eth0. */
function batches(host: HostRecord, uplink: string): Record<string, readonly string[]> {
  const data = Object.keys(host.nics);
  const mine = (nic: string): string => ourEnd(host, nic);
  return {
    links: [`${mine('eth0')} hub`, ...data.map((nic) => `${mine(nic)} switch`)],
    'wire.hub': [
      `link add ${mine('eth0')} type veth peer name eth0 address ${macOf(host, 'eth0')} netns ${host.name}`,
      `link set ${mine('eth0')} master ${uplink} up`,
      ...data.map(
        (nic) =>
          `link add ${mine(nic)} mtu 9216 netns switch type veth peer name ${nic} mtu 1500 address ${macOf(host, nic)} netns ${host.name}`,
      ),
    ],
    'wire.switch': data.map((nic) => {
      const bridge = segmentBridge(host.nics[nic]);
      return `link set ${mine(nic)}${bridge === undefined ? '' : ` master ${bridge}`} up`;
    }),
    'wire.host': host.kind === 'systemd' ? [] : bareAddresses(host),
  };
}

/** A bare host has no boot of its own: its addresses are set for it. */
const bareAddresses = (host: HostRecord): string[] => [
  'link set lo up',
  `address add ${host.address}/16 dev eth0`,
  `address add ${host.address6}/64 dev eth0 nodad`,
  'link set eth0 up',
  `route add default via ${HUB_ADDRESS}`,
  ...Object.entries(host.nics).flatMap(([nic, { addresses = [] }]) =>
    addresses.length === 0 ? [] : [...addresses.map((a) => `address add ${a} dev ${nic} nodad`), `link set ${nic} up`],
  ),
];

/** A systemd host brings its own links up, so that what a test sees after a reboot is the host's own doing. */
function networkdFiles(host: HostRecord): Record<string, string> {
  const file = (nic: string, addresses: readonly string[], gateway?: string): string =>
    [
      `[Match]\nName=${nic}\n`,
      `[Network]\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\nIgnoreCarrierLoss=yes`,
      gateway === undefined ? '' : `Gateway=${gateway}\n`,
      ...addresses.map((a) => `[Address]\nAddress=${a}\nDuplicateAddressDetection=none\n`),
    ].join('\n');
  return {
    '10-eth0.network': file('eth0', [`${host.address}/16`, `${host.address6}/64`], HUB_ADDRESS),
    ...Object.fromEntries(
      Object.entries(host.nics)
        .filter(([, { addresses = [] }]) => addresses.length > 0)
        .map(([nic, { addresses = [] }]) => [`10-${nic}.network`, file(nic, addresses)]),
    ),
  };
}

/** Writes what the shell side needs to plug a host in. */
export async function writeWiring(folder: string, host: HostRecord, uplink = 'mgmt'): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, lines] of Object.entries(batches(host, uplink))) {
    await writeFile(join(folder, name), lines.map((line) => `${line}\n`).join(''));
  }
}

/** Writes the files of its own that a host starts with, to be laid over the common root. */
export async function writeHostFiles(folder: string, host: HostRecord): Promise<void> {
  const etc = join(folder, 'files/etc');
  if (host.kind === 'bare') {
    // Nothing that PAM would set up exists there, and a login without it costs half. Passwords work all the same.
    await mkdir(join(etc, 'ssh/sshd_config.d'), { recursive: true });
    await writeFile(join(etc, 'ssh/sshd_config.d/bare.conf'), 'UsePAM no\n');
    return;
  }
  const network = join(etc, 'systemd/network');
  await mkdir(network, { recursive: true });
  for (const [name, text] of Object.entries(networkdFiles(host))) await writeFile(join(network, name), text);
  // A given machine id: with none, systemd takes this for a first boot and enables what the root has disabled.
  await writeFile(join(etc, 'machine-id'), `${crypto.randomUUID().replaceAll('-', '')}\n`);
}
