import { sh, snippet, type Step } from '../../src/sdk/index.ts';
import { freshVf, type Goal, type VfGoal, type VfState } from './state.ts';

// In all of these "$1" is the physical function, by name or by PCI address. cat says why the kernel did not take a value.

// "$2" how many, "$3" seconds to wait for them, "$4" 0 or 1 for drivers_autoprobe, empty where it stays. The number goes
// through 0, or the kernel says that it is busy; a function that its driver has missed is offered to it once more.
const setNumber = sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
d=$(readlink -f "$d") || exit
put() { printf '%s\n' "$2" | cat >"$d/$1"; }
if [ -n "$4" ]; then put sriov_drivers_autoprobe "$4" || exit; fi
read -r now <"$d/sriov_numvfs" || exit
[ "$now" != "$2" ] || exit 0
if [ "$now" != 0 ]; then put sriov_numvfs 0 || exit; fi
[ "$2" != 0 ] || exit 0
why=$(put sriov_numvfs "$2" 2>&1) || {
  case $why in *'Cannot allocate memory'*|*'Out of memory'*)
    why="the firmware of this machine has left no room for $2 virtual functions: set SR-IOV and \"above 4G decoding\" there, or let the kernel make room, grub: { args: { pci: realloc } }";;
  esac
  printf '%s\\n' "$why" >&2
  exit 1
}
auto=1
if read -r auto <"$d/sriov_drivers_autoprobe"; then :; fi 2>/dev/null
try=0
while :; do
  n=0 bare=
  for v in "$d"/virtfn*; do
    [ -e "$v" ] || continue
    n=$((n+1))
    [ "$auto" = 1 ] || continue
    for i in "$v/net"/*; do if [ -e "$i" ]; then continue 2; fi; done
    if [ ! -e "$v/driver" ]; then
      # No driver on this host is for it.
      if read -r alias <"$v/modalias"; then :; else continue; fi 2>/dev/null
      [ -n "$(modprobe -qR "$alias" 2>/dev/null)" ] || continue
      a=$(readlink -f "$v")
      if [ $((try % 10)) = 9 ]; then printf '%s\n' "\${a##*/}" | cat >/sys/bus/pci/drivers_probe; fi
    fi
    bare="$bare \${v##*/virtfn}"
  done
  if [ "$n" = "$2" ] && [ -z "$bare" ]; then break; fi
  try=$((try+1))
  if [ "$try" -gt $(($3 * 5)) ]; then
    if [ "$n" != "$2" ]; then echo "$n of $2 virtual functions came within $3 s" >&2
    else echo "these virtual functions got no interface within $3 s:$bare" >&2
    fi
    exit 1
  fi
  sleep 0.2 2>/dev/null || sleep 1
done
if command -v udevadm >/dev/null; then udevadm settle --timeout=30; fi
exit 0`;

// "$2" MTU, "$3" up or down; each may be empty.
const setPf = sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
for i in "$d/net"/*; do
  [ -e "$i" ] || { echo "$1 has no network interface" >&2; exit 1; }
  pf=\${i##*/} mtu=$2 state=$3
  set -- ip link set dev "$pf"
  [ -z "$mtu" ] || set -- "$@" mtu "$mtu"
  [ -z "$state" ] || set -- "$@" "$state"
  "$@"
  exit
done`;

// stdin: lines "ID SETTINGS" as ip takes them.
const setVfs = sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
for i in "$d/net"/*; do
  [ -e "$i" ] || { echo "$1 has no network interface" >&2; exit 1; }
  pf=\${i##*/}
  while read -r line; do echo "link set dev $pf vf $line"; done | ip -batch -
  exit
done`;

// stdin: lines "ID MTU". Its interface may come only a moment after its driver.
const setMtus = sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
while read -r id mtu; do
  try=0
  while :; do
    for i in "$d/virtfn$id/net"/*; do
      if [ -e "$i" ]; then ip link set dev "\${i##*/}" mtu "$mtu" </dev/null || exit; break 2; fi
    done
    try=$((try+1))
    [ "$try" -le 25 ] || { echo "virtual function $id has no interface on this host" >&2; exit 1; }
    sleep 0.2 2>/dev/null || sleep 1
  done
done`;

// stdin: lines "ID DRIVER OVERRIDE", each - for none.
const setDrivers = sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
driver() { if l=$(readlink "$v/driver"); then echo "\${l##*/}"; else echo -; fi; }
await() {
  try=0
  while [ "$(driver)" != "$1" ]; do
    try=$((try+1))
    [ "$try" -le 50 ] || return 1
    sleep 0.1 2>/dev/null || sleep 1
  done
}
while read -r id want over; do
  v=$(readlink -f "$d/virtfn$id") || exit
  a=\${v##*/}
  if [ "$over" = - ]; then over=; fi
  printf '%s\n' "$over" | cat >"$v/driver_override" || exit
  now=$(driver)
  [ "$now" != "$want" ] || continue
  if [ "$now" != - ]; then
    printf '%s\n' "$a" | cat >"$v/driver/unbind" || exit
    await - || { echo "$a stays with its driver $now" >&2; exit 1; }
  fi
  [ "$want" != - ] || continue
  if [ ! -e "/sys/bus/pci/drivers/$want" ]; then modprobe -q "$want" 2>/dev/null; fi
  printf '%s\n' "$a" | cat >/sys/bus/pci/drivers_probe || exit
  await "$want" || { echo "the driver $want did not take $a: is its module loaded, and the IOMMU on?" >&2; exit 1; }
done`;

// "$2" the mode. The functions are without drivers meanwhile, as the card asks for it.
const setMode = sh`case $1 in *:*) d=/sys/bus/pci/devices/$1;; *) d=/sys/class/net/$1/device;; esac
d=$(readlink -f "$d") || exit
bound=
for v in "$d"/virtfn*; do
  if [ -e "$v/driver" ]; then
    a=$(readlink -f "$v"); bound="$bound \${a##*/}"
    printf '%s\n' "\${a##*/}" | cat >"$v/driver/unbind" || exit
  fi
done
devlink dev eswitch set "pci/\${d##*/}" mode "$2" || exit
for a in $bound; do printf '%s\n' "$a" | cat >/sys/bus/pci/drivers_probe || exit; done`;

/** From any state of the physical function `pf` to any other; null is without virtual functions, as after a boot. */
export function sriovSteps(pf: string, from: Goal | null, to: Goal | null): readonly Step[] {
  const was: Goal = from ?? { num_vfs: 0, vfs: [] };
  const wanted: Goal = to ?? { num_vfs: 0, vfs: [] };
  const before = was.num_vfs ?? 0;
  const count = wanted.num_vfs ?? before;
  const anew = before !== count;
  const fresh = new Map((anew ? [] : (was.vfs ?? [])).map((vf) => [vf.id, vf]));
  const pairs = (wanted.vfs ?? [])
    .filter(({ id }) => id < count)
    .map((vf): [VfGoal, VfGoal] => [fresh.get(vf.id) ?? freshVf(vf.id), vf]);
  const settings = pairs.flatMap(([old, vf]) => settingLine(old, vf));
  const drivers = pairs.flatMap(([old, vf]) => driverLine(old, vf));
  const mtus = pairs.flatMap(([old, vf]) =>
    typeof vf.mtu === 'number' && vf.mtu !== old.mtu ? [`${vf.id} ${vf.mtu}\n`] : [],
  );
  const mtu = wanted.mtu !== undefined && wanted.mtu !== was.mtu ? wanted.mtu : undefined;
  const raises = mtu !== undefined && mtu > (was.mtu ?? 0);
  const last = {
    mtu: mtu !== undefined && !raises ? mtu : undefined,
    up: wanted.up === was.up ? undefined : wanted.up,
  };
  return [
    ...(raises ? [pfStep(pf, mtu, undefined)] : []),
    ...numberSteps(pf, was, wanted, count),
    ...lineStep(setVfs, pf, settings),
    // The address of the host has to be there before a guest's driver looks at it.
    ...lineStep(setDrivers, pf, drivers),
    ...lineStep(setMtus, pf, mtus),
    ...(last.mtu === undefined && last.up === undefined ? [] : [pfStep(pf, last.mtu, last.up)]),
  ];
}

function numberSteps(pf: string, was: Goal, wanted: Goal, count: number): readonly Step[] {
  const auto = wanted.drivers_autoprobe;
  const probing = auto === undefined || auto === was.drivers_autoprobe ? '' : auto ? '1' : '0';
  const anew = count !== (was.num_vfs ?? 0);
  const mode = wanted.eswitch_mode ?? was.eswitch_mode ?? null;
  // The number is changed in legacy mode only.
  const through = anew && was.eswitch_mode === 'switchdev';
  const standing = through ? 'legacy' : (was.eswitch_mode ?? null);
  return [
    ...(through ? [snippet(setMode, [pf, 'legacy'])] : []),
    ...(anew || probing !== '' ? [snippet(setNumber, [pf, String(count), count >= 64 ? '300' : '120', probing])] : []),
    ...(mode === null || mode === standing ? [] : [snippet(setMode, [pf, mode])]),
  ];
}

const pfStep = (pf: string, mtu: number | undefined, up: boolean | undefined): Step =>
  snippet(setPf, [pf, mtu === undefined ? '' : String(mtu), up === undefined ? '' : up ? 'up' : 'down']);

const lineStep = (script: Parameters<typeof snippet>[0], pf: string, lines: readonly string[]): readonly Step[] =>
  lines.length === 0 ? [] : [snippet(script, [pf], { stdin: lines.join('') })];

function settingLine(old: VfGoal, vf: VfGoal): readonly string[] {
  const differs = (...keys: (keyof VfState)[]): boolean =>
    keys.some((key) => vf[key] !== undefined && vf[key] !== null && vf[key] !== old[key]);
  const words: string[] = [];
  if (differs('mac')) words.push(`mac ${vf.mac}`);
  // A VLAN given alone would set its priority and its kind back.
  if (differs('vlan', 'qos', 'vlan_proto')) {
    const proto = vf.vlan_proto ?? old.vlan_proto;
    words.push(`vlan ${vf.vlan ?? old.vlan ?? 0} qos ${vf.qos ?? old.qos ?? 0}`);
    if (proto === '802.1ad' || old.vlan_proto === '802.1ad')
      words.push(`proto ${proto === '802.1ad' ? '802.1ad' : '802.1Q'}`);
  }
  if (differs('spoof_check')) words.push(`spoofchk ${vf.spoof_check === true ? 'on' : 'off'}`);
  if (differs('trust')) words.push(`trust ${vf.trust === true ? 'on' : 'off'}`);
  if (differs('link_state')) words.push(`state ${vf.link_state}`);
  if (differs('max_tx_rate', 'min_tx_rate')) {
    words.push(
      `max_tx_rate ${vf.max_tx_rate ?? old.max_tx_rate ?? 0} min_tx_rate ${vf.min_tx_rate ?? old.min_tx_rate ?? 0}`,
    );
  }
  return words.length === 0 ? [] : [`${vf.id} ${words.join(' ')}\n`];
}

function driverLine(old: VfGoal, vf: VfGoal): readonly string[] {
  const driver = vf.driver === undefined ? old.driver : vf.driver;
  const override = vf.override === undefined ? old.override : vf.override;
  if (driver === old.driver && override === old.override) return [];
  return [`${vf.id} ${driver ?? '-'} ${override ?? '-'}\n`];
}
