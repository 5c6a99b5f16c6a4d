import { poke, sh, snippet, waitFor, type Step } from '../../src/sdk/index.ts';
import type { State, VfState } from './read.ts';

type Vf = Partial<VfState> & Pick<VfState, 'id'>;
type Goal = Partial<Omit<State, 'vfs'>> & { vfs?: readonly Vf[] };

// A device without a driver of its own on this host has no interface to wait for; another may have been missed.
const haveInterfaces = sh`for v in "$1"/virtfn*; do
  for i in "$v/net"/*; do if [ -e "$i" ]; then continue 2; fi; done
  if [ ! -e "$v/driver" ]; then
    read -r alias <"$v/modalias" || continue
    [ -n "$(modprobe -qR "$alias" 2>/dev/null)" ] || continue
    a=$(readlink -f "$v"); printf %s "\${a##*/}" >/sys/bus/pci/drivers_probe
  fi
  exit 1
done 2>/dev/null
command -v udevadm >/dev/null || exit 0
udevadm settle --timeout=30`;
const haveFunctions = sh`n=0
for v in "$1"/virtfn*; do if [ -e "$v" ]; then n=$((n+1)); fi; done
[ "$n" = "$2" ]`;

// stdin: lines for "ip -batch" behind "link set dev PF"; the interface's name is known only here.
const setLink = sh`d=$(readlink -f "$1")
for i in "$d/net"/*; do pf=\${i##*/}; break; done
while IFS= read -r line; do printf 'link set dev %s %s\n' "$pf" "$line"; done | ip -batch -`;

const setVfMtu = sh`for i in "$1/virtfn$2/net"/*; do
  [ -e "$i" ] || { echo "virtual function $2 has no interface on this host" >&2; exit 1; }
  ip link set dev "\${i##*/}" mtu "$3"
done`;

// "$3": the driver, or empty for that of the kernel's choice.
const bindVf = sh`v=$(readlink -f "$1/virtfn$2")
a=\${v##*/}
if [ -e "$v/driver" ]; then printf %s "$a" | cat >"$v/driver/unbind" || exit; fi
printf '%s\n' "$3" | cat >"$v/driver_override" || exit
printf %s "$a" | cat >/sys/bus/pci/drivers_probe || exit
[ -z "$3" ] && exit
d=$(readlink "$v/driver"); [ "\${d##*/}" = "$3" ] || { echo "$a was not taken by the driver $3: is its module loaded, is the IOMMU on?" >&2; exit 1; }`;

// The functions have to be without drivers while the card's switch changes its mode.
const setMode = sh`d=$(readlink -f "$1")
for v in "$d"/virtfn*; do
  if [ -e "$v/driver" ]; then a=$(readlink -f "$v"); printf %s "\${a##*/}" | cat >"$v/driver/unbind" || exit; fi
done
devlink dev eswitch set "pci/\${d##*/}" mode "$2" || exit
for v in "$d"/virtfn*; do
  [ -e "$v" ] || continue
  a=$(readlink -f "$v"); printf %s "\${a##*/}" | cat >/sys/bus/pci/drivers_probe || exit
done`;

/** From any state of the physical function to any other; `from` null: as a boot leaves it, without virtual functions. */
export function sriovSteps(folder: string, pf: string, from: Goal | null, to: Goal | null): readonly Step[] {
  if (to === null) return [];
  const was: Goal = from ?? { num_vfs: 0, vfs: [] };
  const number = to.num_vfs ?? was.num_vfs ?? 0;
  const anew = number !== (was.num_vfs ?? 0);
  const userspace = (to.vfs ?? []).some((vf) => vf.driver?.startsWith('vfio') === true);
  const autoprobe = to.drivers_autoprobe ?? was.drivers_autoprobe ?? true;
  const steps: Step[] = [];
  const probe = (on: boolean): Step => poke(`${folder}/sriov_drivers_autoprobe`, on ? '1' : '0');
  if (
    to.drivers_autoprobe !== undefined &&
    to.drivers_autoprobe !== null &&
    to.drivers_autoprobe !== was.drivers_autoprobe
  ) {
    steps.push(probe(to.drivers_autoprobe));
  }
  if (to.mtu !== undefined && to.mtu > (was.mtu ?? 0)) steps.push(set(folder, [`mtu ${to.mtu}`]));
  if (anew) steps.push(...makeFunctions(folder, pf, was.num_vfs ?? 0, number, autoprobe));
  if (typeof to.eswitch_mode === 'string' && to.eswitch_mode !== was.eswitch_mode) {
    steps.push(snippet(setMode, [folder, to.eswitch_mode]));
  }
  // New functions have nothing of what the old ones had.
  const before = new Map((anew ? [] : (was.vfs ?? [])).map((vf) => [vf.id, vf]));
  const vfs = (to.vfs ?? []).filter(({ id }) => id < number);
  const lines = vfs.flatMap((vf) => attributes(vf, before.get(vf.id) ?? { id: vf.id }));
  if (number > 0 && to.up === true && (anew || was.up !== true)) lines.push('up');
  if (lines.length > 0) steps.push(set(folder, lines));
  // The address that the host gives has to be there before the driver of a virtual machine sees the function.
  for (const vf of vfs) steps.push(...driverSteps(folder, vf, before.get(vf.id), anew && (!autoprobe || userspace)));
  for (const vf of vfs) {
    if (typeof vf.mtu === 'number' && vf.mtu !== before.get(vf.id)?.mtu)
      steps.push(snippet(setVfMtu, [folder, String(vf.id), String(vf.mtu)]));
  }
  if (to.mtu !== undefined && was.mtu !== undefined && to.mtu < was.mtu) steps.push(set(folder, [`mtu ${to.mtu}`]));
  if (to.up === false && was.up === true) steps.push(set(folder, ['down']));
  return steps;
}

const set = (folder: string, lines: readonly string[]): Step =>
  snippet(setLink, [folder], { stdin: lines.map((line) => `${line}\n`).join('') });

// The kernel changes the number only from and to 0.
function makeFunctions(folder: string, pf: string, from: number, to: number, autoprobe: boolean): readonly Step[] {
  const timeout = to >= 64 ? 300 : 120;
  return [
    ...(from > 0 && to > 0 ? [poke(`${folder}/sriov_numvfs`, '0')] : []),
    poke(`${folder}/sriov_numvfs`, String(to)),
    ...(to === 0
      ? []
      : [waitFor(`${to} virtual functions of ${pf}`, haveFunctions, [folder, String(to)], { timeout })]),
    ...(to === 0 || !autoprobe
      ? []
      : [waitFor(`the interfaces of the virtual functions of ${pf}`, haveInterfaces, [folder], { timeout })]),
  ];
}

const noMac = '00:00:00:00:00:00';

function attributes(vf: Vf, before: Vf): readonly string[] {
  const differs = (key: keyof VfState): boolean => vf[key] !== undefined && vf[key] !== null && vf[key] !== before[key];
  const onOff = (value: boolean | null | undefined): string => (value === true ? 'on' : 'off');
  const line = (words: string): string => `vf ${vf.id} ${words}`;
  const lines: string[] = [];
  if (differs('mac') && vf.mac !== noMac) lines.push(line(`mac ${vf.mac}`));
  // One call: vlan alone would set qos and the protocol back.
  if (differs('vlan') || differs('qos') || differs('vlan_proto')) {
    const [vlan, qos, proto] = [
      vf.vlan ?? before.vlan ?? 0,
      vf.qos ?? before.qos ?? 0,
      vf.vlan_proto ?? before.vlan_proto ?? '802.1Q',
    ];
    const fresh = vlan === 0 && qos === 0 && (before.vlan ?? 0) === 0;
    if (!fresh) lines.push(line(`vlan ${vlan} qos ${qos}${vlan === 0 ? '' : ` proto ${proto}`}`));
  }
  if (differs('spoof_check')) lines.push(line(`spoofchk ${onOff(vf.spoof_check)}`));
  if (differs('trust')) lines.push(line(`trust ${onOff(vf.trust)}`));
  if (differs('link_state')) lines.push(line(`state ${vf.link_state}`));
  if (differs('min_tx_rate') || differs('max_tx_rate')) {
    const [min, max] = [vf.min_tx_rate ?? before.min_tx_rate ?? 0, vf.max_tx_rate ?? before.max_tx_rate ?? 0];
    const fresh = min === 0 && max === 0 && before.max_tx_rate === undefined;
    if (!fresh) lines.push(line(`max_tx_rate ${max} min_tx_rate ${min}`));
  }
  return lines;
}

function driverSteps(folder: string, vf: Vf, before: Vf | undefined, unbound: boolean): readonly Step[] {
  if (vf.driver === undefined || vf.driver === before?.driver) return [];
  // Nothing was taken by the kernel, and nothing is wanted.
  if (vf.driver === null) return before === undefined || unbound ? [] : [snippet(bindVf, [folder, String(vf.id), ''])];
  return [snippet(bindVf, [folder, String(vf.id), vf.driver])];
}
