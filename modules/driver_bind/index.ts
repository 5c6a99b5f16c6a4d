import { defineModule, exec, poke, sh, snippet, type Step } from '../../src/sdk/index.ts';
import { devicesOf, DriverBind } from './params.ts';
import { checkDevices, driverProbe, readState, wantedDriver, type DeviceState, type State } from './read.ts';

const noIommu = '/sys/module/vfio/parameters/enable_unsafe_noiommu_mode';

// stdin: lines "DEVICE DRIVER OVERRIDE", each - for none, DRIVER ? for what the kernel takes. The address is looked up at
// that moment: that of a virtual function may be another after a boot. cat says why the kernel did not take a value.
const bind = sh`end() { if l=$(readlink "$1"); then echo "\${l##*/}"; else echo -; fi; }
await() {
  try=0
  while [ "$(end "$v/driver")" != "$1" ]; do
    try=$((try+1))
    [ "$try" -le 50 ] || return 1
    sleep 0.1 2>/dev/null || sleep 1
  done
}
while read -r sel want over; do
  base=\${sel%%/*}
  case $base in *:*) d=/sys/bus/pci/devices/$base;; *) d=/sys/class/net/$base/device;; esac
  case $sel in */*) d=$d/virtfn\${sel##*/};; esac
  v=$(readlink -f "$d") && [ -e "$v" ] || { echo "the device $sel does not exist" >&2; exit 1; }
  a=\${v##*/}
  if [ "$over" = - ]; then over=; fi
  if [ "$want" != - ] && [ "$want" != '?' ] && [ ! -e "/sys/bus/pci/drivers/$want" ]; then modprobe "$want" || exit; fi
  # Never new_id: it would give the driver all devices of that model.
  printf '%s\n' "$over" | cat >"$v/driver_override" || exit
  now=$(end "$v/driver")
  [ "$now" != "$want" ] || continue
  if [ "$now" != - ]; then
    printf '%s\n' "$a" | cat >"$v/driver/unbind" || exit
    await - || { echo "$a stays with its driver $now" >&2; exit 1; }
  fi
  [ "$want" != - ] || continue
  printf '%s\n' "$a" | cat >/sys/bus/pci/drivers_probe || exit
  [ "$want" != '?' ] || continue
  await "$want" || { echo "the driver $want did not take $a: look into the kernel log, and whether the IOMMU is on" >&2; exit 1; }
done`;

// stdin: lines "DEVICE UID:GID". The file of a group comes with its first device.
const own = sh`while read -r sel owner; do
  base=\${sel%%/*}
  case $base in *:*) d=/sys/bus/pci/devices/$base;; *) d=/sys/class/net/$base/device;; esac
  case $sel in */*) d=$d/virtfn\${sel##*/};; esac
  g=$(readlink "$(readlink -f "$d")/iommu_group") || exit
  try=0
  while [ ! -e "/dev/vfio/\${g##*/}" ] && [ "$try" -lt 50 ]; do try=$((try+1)); sleep 0.1 2>/dev/null || sleep 1; done
  chown "$owner" "/dev/vfio/\${g##*/}" || exit
done`;

export const driverBind = defineModule({
  name: 'driver_bind',
  summary: 'The driver of PCI devices, vfio-pci for guests',
  params: DriverBind,
  examples: [
    { title: 'A network card for a guest', params: { device: '05:00.0', driver: 'vfio-pci' }, needs: 'hardware' },
    {
      title: 'Two virtual functions for guests that QEMU runs as its own user',
      params: { devices: ['eth0/0', 'eth0/1'], driver: 'vfio-pci', uid: 64055 },
      needs: 'vm',
    },
    {
      title: 'Back to the driver that the kernel takes',
      params: { device: '05:00.0', driver: null },
      needs: 'hardware',
    },
  ],
  requires: 'iproute2; for vfio-pci an IOMMU',
  probes: (p) => ({ pci: driverProbe(p) }),
  state: ({ pci }): State => readState(pci),
  want: (p, _now, { pci }) => {
    checkDevices(p, pci);
    const vfio = p.driver?.startsWith('vfio') === true;
    const owned = vfio && (p.uid !== undefined || p.gid !== undefined);
    const owner = owned ? `${p.uid ?? 0}:${p.gid ?? 0}` : undefined;
    const kept = p.driver === null || p.driver === 'none' ? null : p.driver;
    return {
      devices: pci.devices.map((device) => {
        const driver = wantedDriver(p, device);
        return {
          device: device.device,
          override: kept,
          ...(driver === undefined ? {} : { driver }),
          ...(owner === undefined ? {} : { owner }),
        };
      }) as DeviceState[],
      noiommu: p.noiommu && pci.devices.some(({ group }) => group === null) ? true : undefined,
    };
  },
  steps: (from, to) => (to === null ? [] : bindSteps(from, to)),
  compare: { devices: { keyed: 'device' } },
  touches: (from, to) => {
    const before = new Map((from?.devices ?? []).map((item) => [item.device, item]));
    const links = (to?.devices ?? []).flatMap((item) => {
      const old = before.get(item.device);
      return old !== undefined && bindLine(old, item).length > 0 ? old.devs : [];
    });
    return links.length === 0 ? 'none' : { links };
  },
  settle: { timeout: 5 },
  boot: (p) => ({
    id: [...devicesOf(p), ...(p.ids ?? [])].join(','),
    state: null,
    anchor: { unit: 'multi-user.target' },
    after: ['systemd-modules-load.service', ...devicesOf(p).flatMap(functionUnit)],
    before: ['libvirtd.service', 'virtqemud.service', 'ovs-vswitchd.service'],
    // Nothing happens to a device that has its driver: it may run at any time.
    guard: { script: sh`false`, args: [] },
  }),
});

// Virtual functions have to be there: sriov makes them.
const functionUnit = (device: string): readonly string[] =>
  device.includes('/') ? [`kvmnet-sriov-${device.slice(0, device.indexOf('/'))}.service`] : [];

type Device = Partial<DeviceState> & Pick<DeviceState, 'device'>;

function bindSteps(from: State | null, to: State): readonly Step[] {
  const before = new Map((from?.devices ?? []).map((item): [string, Device] => [item.device, item]));
  const pairs = to.devices.map((item): [Device, Device] => [before.get(item.device) ?? { device: item.device }, item]);
  const lines = pairs.flatMap(([old, item]) => bindLine(old, item));
  const owners = pairs.flatMap(([old, item]) =>
    typeof item.owner === 'string' && item.owner !== old.owner && item.driver?.startsWith('vfio') === true
      ? [`${item.device} ${item.owner}\n`]
      : [],
  );
  const unsafe = typeof to.noiommu === 'boolean' && to.noiommu !== (from?.noiommu ?? null);
  return [
    ...(unsafe ? [exec(['modprobe', 'vfio']), poke(noIommu, to.noiommu === true ? '1' : '0')] : []),
    ...(lines.length === 0 ? [] : [snippet(bind, [], { stdin: lines.join('') })]),
    ...(owners.length === 0 ? [] : [snippet(own, [], { stdin: owners.join('') })]),
  ];
}

function bindLine(old: Device, item: Device): readonly string[] {
  const override = item.override ?? null;
  // An override that goes, with nothing said of the driver: what the kernel takes by itself.
  const free =
    item.driver === undefined ||
    (override === null && old.override !== undefined && old.override !== null && item.driver === old.driver);
  if (item.driver === old.driver && override === (old.override ?? null) && !(old.driver === undefined)) return [];
  return [`${item.device} ${free ? '?' : (item.driver ?? '-')} ${override ?? '-'}\n`];
}
