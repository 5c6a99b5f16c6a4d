import { z } from 'zod';
import {
  missing,
  parseLinks,
  probeScript,
  readJson,
  refuse,
  sh,
  toolText,
  type Link,
  type Probe,
} from '../../src/sdk/index.ts';
import { deviceFolder, type Sriov } from './params.ts';

export type VfState = {
  id: number;
  mac: string;
  vlan: number;
  qos: number;
  vlan_proto: '802.1Q' | '802.1ad';
  /** Null: the driver does not say. */
  spoof_check: boolean | null;
  trust: boolean | null;
  link_state: 'auto' | 'enable' | 'disable';
  min_tx_rate: number;
  max_tx_rate: number;
  driver: string | null;
  /** Null: it has no interface on the host. */
  mtu: number | null;
};

export type State = {
  num_vfs: number;
  drivers_autoprobe: boolean | null;
  eswitch_mode: string | null;
  mtu: number;
  up: boolean;
  vfs: VfState[];
};

interface VfSeen {
  readonly id: number;
  readonly address: string;
  readonly driver: string | null;
  readonly netdev: string | null;
  readonly mtu: number | null;
  /** Why it counts as being in use; undefined: it does not. */
  readonly use: string | undefined;
}

export interface Seen {
  readonly link: Link;
  /** PCI address of the physical function. */
  readonly address: string;
  readonly total: number;
  readonly num: number;
  readonly autoprobe: boolean | null;
  readonly eswitch: string | null;
  readonly vfs: readonly VfSeen[];
  /** Profiles of NetworkManager that set the number of virtual functions. */
  readonly profiles: readonly string[];
}

// "$1" the device's folder, "$2" yes where the mode of the switch is asked for.
const look = sh`command -v ip >/dev/null || exit 127
[ -e "$1" ] || { echo nodev; exit 0; }
d=$(readlink -f "$1")
echo "address \${d##*/}"
pf=
for i in "$d/net"/*; do if [ -e "$i" ]; then pf=\${i##*/}; break; fi; done
for f in sriov_totalvfs sriov_numvfs sriov_drivers_autoprobe; do
  if read -r v <"$d/$f"; then echo "$f $v"; fi
done 2>/dev/null
[ -n "$pf" ] || { echo nonet; exit 0; }
for v in "$d"/virtfn*; do
  [ -e "$v" ] || continue
  a=$(readlink -f "$v")
  r=-
  if [ -e "$a/driver" ]; then r=$(readlink "$a/driver"); fi
  n=- m=- u=-
  for i in "$a/net"/*; do
    if [ -e "$i" ]; then
      n=\${i##*/}
      read -r m <"$i/mtu"
      if [ -e "$i/master" ]; then u=master
      elif [ -n "$(ip -o addr show dev "$n" scope global 2>/dev/null)" ]; then u=address
      fi
    fi
  done
  echo "vf \${v##*/virtfn} \${a##*/} \${r##*/} $n $m $u"
done
echo "link $(ip -d -j link show dev "$pf")"
if [ "$2" = yes ]; then echo "eswitch $(devlink -j dev eswitch show "pci/\${d##*/}" 2>/dev/null)"; fi
grep -sl '^ *total-vfs *= *[0-9]' /etc/NetworkManager/system-connections/* | while read -r f; do
  if grep -qsF -e "=$pf" -- "$f"; then echo "profile $f"; fi
done
exit 0`;

const Eswitch = z.object({ dev: z.record(z.string(), z.object({ mode: z.string() })).default({}) });

export const sriovProbe = (p: Sriov): Probe<Seen> =>
  probeScript(look, [deviceFolder(p), p.eswitch_mode === undefined ? '' : 'yes'], (output) => {
    const lines = toolText(output, 'ip -d -j link show').split('\n');
    const after = (word: string): string | undefined =>
      lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
    if (lines.includes('nodev'))
      throw missing(`the device ${p.pf} does not exist`, 'check its name with ip link, or its address with lspci');
    const total = after('sriov_totalvfs');
    if (total === undefined) {
      throw refuse(
        `${p.pf} has no virtual functions: its driver or the firmware of the machine does not offer SR-IOV`,
        'switch SR-IOV on in the firmware (BIOS) and in that of the card',
      );
    }
    const [link] = parseLinks({ ...output, stdout: after('link') ?? '' });
    if (link === undefined) throw missing(`${p.pf} has no network interface`, 'load the driver of the card');
    const mode = after('eswitch');
    const modes =
      mode === undefined || mode === ''
        ? []
        : Object.values(readJson(mode, 'devlink -j dev eswitch show', Eswitch).dev);
    const autoprobe = after('sriov_drivers_autoprobe');
    return {
      link,
      address: after('address') ?? '',
      total: Number(total),
      num: Number(after('sriov_numvfs') ?? 0),
      autoprobe: autoprobe === undefined ? null : autoprobe === '1',
      eswitch: modes[0]?.mode ?? null,
      vfs: lines.flatMap(readVf).toSorted((a, b) => a.id - b.id),
      profiles: lines.flatMap((line) => (line.startsWith('profile ') ? [line.slice(8)] : [])),
    };
  });

function readVf(line: string): VfSeen[] {
  const [word, id, address = '', driver = '-', netdev = '-', mtu = '-', use = '-'] = line.split(' ');
  if (word !== 'vf') return [];
  const none = (text: string): string | null => (text === '-' ? null : text);
  return [
    {
      id: Number(id),
      address,
      driver: none(driver),
      netdev: none(netdev),
      mtu: mtu === '-' ? null : Number(mtu),
      use: useOf(none(driver), none(netdev), use),
    },
  ];
}

function useOf(driver: string | null, netdev: string | null, use: string): string | undefined {
  if (use === 'master') return `${netdev} is a port`;
  if (use === 'address') return `${netdev} has an address`;
  if (driver?.startsWith('vfio') === true) return `bound to ${driver}`;
  // Its driver runs, but its interface is elsewhere: in the network namespace of a container.
  return driver !== null && netdev === null ? `bound to ${driver}, its interface is in another namespace` : undefined;
}

export function readState(seen: Seen): State {
  const own = new Map(seen.vfs.map((vf) => [vf.id, vf]));
  return {
    num_vfs: seen.num,
    drivers_autoprobe: seen.autoprobe,
    eswitch_mode: seen.eswitch,
    mtu: seen.link.mtu,
    up: seen.link.up,
    vfs: seen.link.vfs.map((vf) => ({
      id: vf.id,
      mac: vf.mac,
      vlan: vf.vlan,
      qos: vf.qos,
      vlan_proto: vf.vlanProtocol,
      spoof_check: vf.spoofCheck ?? null,
      trust: vf.trust ?? null,
      link_state: vf.linkState,
      min_tx_rate: vf.minTxRate,
      max_tx_rate: vf.maxTxRate,
      driver: own.get(vf.id)?.driver ?? null,
      mtu: own.get(vf.id)?.mtu ?? null,
    })),
  };
}
