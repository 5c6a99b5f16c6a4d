import {
  missing,
  parseAddresses,
  probeScript,
  refuse,
  sh,
  toolText,
  type Probe,
  type ProbeOutput,
} from '../../src/sdk/index.ts';
import { devicesOf, type DriverBind } from './params.ts';

export type DeviceState = {
  /** As it is named in the task, or its address where it was found by maker and model. */
  device: string;
  driver: string | null;
  /** Driver that it stays with when drivers come and go. */
  override: string | null;
  /** `uid:gid` of its vfio group. */
  owner: string | null;
  /** Never wanted: its interfaces, which a change takes away. */
  devs: string[];
};

export type State = {
  devices: DeviceState[];
  /** Whether vfio works without an IOMMU; null: it is not loaded. */
  noiommu: boolean | null;
};

interface SeenDevice {
  readonly device: string;
  readonly address: string;
  readonly driver: string | null;
  readonly override: string | null;
  readonly group: string | null;
  readonly owner: string | null;
  readonly devs: readonly string[];
  /** Why it cannot be taken away; undefined: nothing speaks against it. */
  readonly use: string | undefined;
}

export interface Seen {
  readonly devices: readonly SeenDevice[];
  /** Devices that were named and are not there. */
  readonly absent: readonly string[];
  /** Others in the IOMMU groups of the devices, with their driver. */
  readonly mates: readonly { readonly group: string; readonly address: string; readonly driver: string }[];
  readonly noiommu: boolean | null;
  readonly driverExists: boolean;
}

// "$1" the driver, "$2" makers and models, with spaces around each; the rest: devices.
const look = sh`command -v ip >/dev/null || exit 127
driver=$1 ids=$2
shift 2
end() { l=$(readlink "$1") && printf %s "\${l##*/}"; }
tell() {
  a=$2 o=
  if read -r o <"$a/driver_override"; then :; fi 2>/dev/null
  if [ "$o" = '(null)' ]; then o=; fi
  g=$(end "$a/iommu_group") w=
  if [ -n "$g" ] && [ -e "/dev/vfio/$g" ]; then w=$(stat -c %u:%g "/dev/vfio/$g"); fi
  echo "device $1 \${a##*/} driver=$(end "$a/driver") override=$o group=$g owner=$w"
  for i in "$a/net"/* "$a"/virtio*/net/*; do
    if [ -e "$i" ]; then echo "net $1 \${i##*/} $(end "$i/master")"; fi
  done
  if [ -n "$g" ]; then
    for i in "$a/iommu_group/devices"/*; do
      # Bridges between buses belong to many groups and to no guest.
      c=
      if read -r c <"$i/class"; then :; fi 2>/dev/null
      case $c in 0x0604*) continue;; esac
      if [ -e "$i/driver" ]; then echo "mate $g \${i##*/} $(end "$i/driver")"; fi
    done
  fi
}
for sel do
  base=\${sel%%/*}
  case $base in *:*) d=/sys/bus/pci/devices/$base;; *) d=/sys/class/net/$base/device;; esac
  case $sel in */*) d=$d/virtfn\${sel##*/};; esac
  if [ -e "$d" ]; then tell "$sel" "$(readlink -f "$d")"; else echo "absent $sel"; fi
done
if [ -n "$ids" ]; then
  for d in /sys/bus/pci/devices/*; do
    v= m=
    if read -r v <"$d/vendor" && read -r m <"$d/device"; then :; fi 2>/dev/null
    case $ids in *" \${v#0x}:\${m#0x} "*) tell "\${d##*/}" "$(readlink -f "$d")";; esac
  done
fi
if read -r n </sys/module/vfio/parameters/enable_unsafe_noiommu_mode; then echo "noiommu $n"; fi 2>/dev/null
if [ -z "$driver" ] || [ -e "/sys/bus/pci/drivers/$driver" ] || modprobe -nq "$driver" 2>/dev/null; then echo driver; fi
printf '%s\n' "addresses $(ip -j addr show)"
exit 0`;

export function driverProbe(p: DriverBind): Probe<Seen> {
  const driver = p.driver === null || p.driver === 'none' ? '' : p.driver;
  const ids = p.ids === undefined ? '' : ` ${p.ids.join(' ')} `;
  return probeScript(look, [driver, ids, ...devicesOf(p)], parseSeen);
}

export function parseSeen(output: ProbeOutput): Seen {
  const lines = toolText(output, 'ip -j addr show')
    .split('\n')
    .map((line) => line.split(' '));
  const all = (word: string): readonly string[][] =>
    lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const [json = ''] = output.stdout.split('\n').filter((line) => line.startsWith('addresses '));
  const addresses = parseAddresses({ ...output, stdout: json.slice('addresses '.length) });
  const devices = all('device').map(([device = '', address = '', ...words]): SeenDevice => {
    const fields = new Map(
      words.map((word): [string, string] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
    const field = (name: string): string | null => fields.get(name) || null;
    const nets = all('net').filter(([owner]) => owner === device);
    const port = nets.find(([, , master = '']) => master !== '');
    const used = addresses.find(({ dev, scope }) => scope !== 'link' && nets.some(([, name]) => name === dev));
    const use =
      port === undefined
        ? used === undefined
          ? undefined
          : `${used.dev} has the address ${used.address}`
        : `${port[1]} is a port of ${port[2]}`;
    return {
      device,
      address,
      driver: field('driver'),
      override: field('override'),
      group: field('group'),
      owner: field('owner'),
      devs: nets.map(([, name = '']) => name),
      use,
    };
  });
  const [[noiommu] = []] = all('noiommu');
  // Found by name and by maker and model: once is enough.
  const once = devices.filter(({ address }, i) => devices.findIndex((other) => other.address === address) === i);
  return {
    devices: once,
    absent: all('absent').map(([device = '']) => device),
    mates: all('mate').map(([group = '', address = '', driver = '']) => ({ group, address, driver })),
    noiommu: noiommu === undefined ? null : /^[Y1]/.test(noiommu),
    driverExists: lines.some(([word]) => word === 'driver'),
  };
}

export const readState = (seen: Seen): State => ({
  devices: seen.devices.map(({ device, driver, override, owner, devs }) => ({
    device,
    driver,
    override,
    owner,
    devs: [...devs],
  })),
  noiommu: seen.noiommu,
});

/** Refuses what cannot or must not be. */
export function checkDevices(p: DriverBind, seen: Seen): void {
  const [absent] = seen.absent;
  if (absent !== undefined)
    throw missing(`the device ${absent} does not exist`, 'look at lspci, or let sriov make it first');
  if (seen.devices.length === 0) throw missing(`no device is one of ${(p.ids ?? []).join(', ')}`, 'look at lspci -n');
  if (!seen.driverExists)
    throw missing(`this kernel has no driver ${p.driver}`, `install it, or look at modinfo ${p.driver}`);
  const moving = seen.devices.filter((device) => wantedDriver(p, device) !== device.driver);
  const used = moving.find((device) => device.use !== undefined);
  if (used !== undefined && !p.force) {
    throw refuse(`${used.device} is in use: ${used.use}`, 'free it first, or set force: yes');
  }
  if (p.driver?.startsWith('vfio') !== true) return;
  const bare = seen.devices.find(({ group }) => group === null);
  if (bare !== undefined && !p.noiommu) {
    throw missing(
      `${bare.device} is in no IOMMU group, which vfio-pci needs`,
      'switch the IOMMU on (grub: { iommu: pt }, then reboot), or set noiommu: yes if no guest is a stranger',
    );
  }
  const own = new Set(seen.devices.map(({ address }) => address));
  const mate = seen.mates.find(
    ({ address, driver }) => !own.has(address) && !driver.startsWith('vfio') && driver !== 'pci-stub',
  );
  if (mate !== undefined) {
    throw refuse(
      `${mate.address} (${mate.driver}) is in the IOMMU group ${mate.group} too: a guest gets all of a group or nothing`,
      `bind it to ${p.driver} as well, or to none`,
    );
  }
}

/** The driver that a device should have; what the kernel takes by itself is known only when it has taken it. */
export function wantedDriver(
  p: DriverBind,
  device: { readonly driver: string | null; readonly override: string | null },
): string | null | undefined {
  if (p.driver === 'none') return null;
  return p.driver ?? (device.override === null ? device.driver : undefined);
}
