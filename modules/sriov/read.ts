import { z } from 'zod';
import {
  parseAddresses,
  parseLinks,
  probeScript,
  readJson,
  sh,
  toolText,
  type InterfaceAddress,
  type LinkVf,
  type Probe,
  type ProbeOutput,
} from '../../src/sdk/index.ts';
import type { Sriov } from './params.ts';

interface SeenVf {
  readonly id: number;
  readonly address: string;
  readonly driver: string | null;
  readonly override: string | null;
  /** IOMMU group. */
  readonly group: string | null;
  readonly dev: string | null;
  readonly mtu: number | null;
}

/** A physical device as it was found. */
export interface SeenPf {
  /** Its interface; empty where it has none. */
  readonly dev: string;
  readonly isVf: boolean;
  /** PCI id of the maker. */
  readonly vendor: string | undefined;
  /** Null: no SR-IOV. */
  readonly total: number | null;
  readonly count: number;
  readonly autoprobe: boolean;
  readonly eswitch: string | null;
  readonly mtu: number;
  readonly up: boolean;
  readonly vfs: readonly SeenVf[];
  readonly settings: readonly LinkVf[];
  /** What the firmware of the card makes from the next boot on; null: not known, or switched off. */
  readonly firmware: number | null;
  /** Files in which others set the number of virtual functions. */
  readonly rivals: readonly string[];
  /** Which virtual functions are in use, in words. */
  readonly uses: readonly string[];
}

// "$1" the physical function, "$2" how many virtual functions are wanted, empty where nothing is said about it. What costs
// time is asked only where the number would change.
const look = sh`command -v ip >/dev/null || exit 127
case $1 in
  *:*) d=/sys/bus/pci/devices/$1; [ -e "$d" ] || { echo none; exit 0; };;
  *) [ -e "/sys/class/net/$1" ] || { echo none; exit 0; }
    d=/sys/class/net/$1/device; [ -e "$d" ] || { echo virtual; exit 0; };;
esac
d=$(readlink -f "$d")
dev=
for i in "$d/net"/*; do if [ -e "$i" ]; then dev=\${i##*/}; break; fi; done
echo "pf \${d##*/} $dev"
if [ -e "$d/physfn" ]; then echo isvf; fi
say() { if read -r v <"$d/$2"; then echo "$1 $v"; fi 2>/dev/null; }
count=0 total=0
say vendor vendor
if read -r total <"$d/sriov_totalvfs"; then echo "total $total"; fi 2>/dev/null
if read -r count <"$d/sriov_numvfs"; then echo "count $count"; fi 2>/dev/null
say autoprobe sriov_drivers_autoprobe
end() { l=$(readlink "$1") && printf %s "\${l##*/}"; }
for v in "$d"/virtfn*; do
  [ -e "$v" ] || continue
  a=$(readlink -f "$v")
  o= n= m= p=
  if read -r o <"$a/driver_override"; then :; fi 2>/dev/null
  if [ "$o" = '(null)' ]; then o=; fi
  for i in "$a/net"/*; do
    if [ -e "$i" ]; then n=\${i##*/}; read -r m <"$i/mtu"; break; fi
  done
  if [ -n "$n" ]; then p=$(end "/sys/class/net/$n/master"); fi
  echo "vf \${v##*/virtfn} \${a##*/} driver=$(end "$a/driver") group=$(end "$a/iommu_group") override=$o dev=$n mtu=$m master=$p"
done
if [ -n "$2" ]; then
  if [ "$2" -gt "$total" ] && command -v mstconfig >/dev/null; then
    mstconfig -d "\${d##*/}" query SRIOV_EN NUM_OF_VFS 2>/dev/null | while read -r name value _; do
      case $name in SRIOV_EN|NUM_OF_VFS) echo "firmware $name $value";; esac
    done
  fi
  if [ "$2" != "$count" ] && [ "$count" != 0 ]; then
    ls -l /proc/[0-9]*/fd 2>/dev/null | grep -o '/dev/vfio/[0-9][0-9]*$' | sort -u | while read -r f; do echo "held \${f##*/}"; done
    for f in /run/libvirt/qemu/*.xml; do
      # Without a type it is that of a device of the host.
      grep -so '<address domain=[^>]*>' "$f" | while read -r a; do i=\${f##*/}; printf '%s\n' "guest \${i%.xml} $a"; done
    done
  fi
  for f in /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/*; do
    if grep -qs '^ *total-vfs *=' "$f" && grep -qsxE " *interface-name *= *$dev *" "$f"; then printf '%s\n' "rival $f"; fi
  done
  f=/etc/sysconfig/network-scripts/ifcfg-$dev
  if grep -qs '^ *SRIOV_TOTAL_VFS *=' "$f"; then printf '%s\n' "rival $f"; fi
  for f in /etc/netplan/*.yaml /etc/systemd/network/*.link /etc/systemd/network/*.network; do
    if grep -qsE 'virtual-function-count|^ *SR-IOVVirtualFunctions *=' "$f" && grep -qsw -e "$dev" "$f"; then printf '%s\n' "rival $f"; fi
  done
fi
if command -v devlink >/dev/null; then
  m=$(devlink -j dev eswitch show "pci/\${d##*/}" 2>/dev/null) && [ -n "$m" ] && printf '%s\n' "devlink $m"
fi
if [ -n "$dev" ]; then
  printf '%s\n' "link $(ip -d -j link show dev "$dev")"
  if [ "$count" != 0 ]; then printf '%s\n' "addresses $(ip -j addr show)"; fi
fi
exit 0`;

export const pfProbe = (p: Sriov): Probe<SeenPf | 'none' | 'virtual'> =>
  probeScript(look, [p.pf, p.state === 'absent' ? '0' : String(p.num_vfs ?? '')], parsePf);

const Eswitch = z.object({ dev: z.record(z.string(), z.object({ mode: z.string().optional() })).default({}) });

export function parsePf(output: ProbeOutput): SeenPf | 'none' | 'virtual' {
  const lines = toolText(output, 'ip -d -j link show').split('\n');
  const all = (word: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const one = (word: string): string | undefined => all(word)[0];
  const json = (word: string): ProbeOutput => ({ ...output, stdout: one(word) ?? '' });
  if (lines[0] === 'none' || lines[0] === 'virtual') return lines[0];
  const total = one('total');
  const [, dev = ''] = all('pf').flatMap((line) => line.split(' '));
  const [link] = parseLinks(json('link'));
  const devlink = one('devlink');
  const modes =
    devlink === undefined ? [] : Object.values(readJson(devlink, 'devlink -j dev eswitch show', Eswitch).dev);
  const vfs = all('vf')
    .map(readVf)
    .toSorted((a, b) => a.id - b.id);
  const addresses = parseAddresses(json('addresses'));
  return {
    dev,
    isVf: lines.includes('isvf'),
    vendor: one('vendor'),
    total: total === undefined ? null : Number(total),
    count: Number(one('count') ?? 0),
    autoprobe: one('autoprobe') !== '0',
    eswitch: modes[0]?.mode ?? null,
    mtu: link?.mtu ?? 0,
    up: link?.up ?? false,
    vfs,
    settings: link?.vfs ?? [],
    firmware: firmwareOf(all('firmware')),
    rivals: all('rival'),
    uses: vfs.flatMap((vf) => usesOf(vf, addresses, new Set(all('held')), all('guest'))),
  };
}

function readVf(line: string): SeenVf & { readonly master: string } {
  const [id, address = '', ...words] = line.split(' ');
  const fields = new Map(
    words.map((word): [string, string] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
  const field = (name: string): string | null => fields.get(name) || null;
  const mtu = field('mtu');
  return {
    id: Number(id),
    address,
    driver: field('driver'),
    override: field('override'),
    group: field('group'),
    dev: field('dev'),
    mtu: mtu === null ? null : Number(mtu),
    master: field('master') ?? '',
  };
}

// `SRIOV_EN True(1)`, `NUM_OF_VFS 8`.
function firmwareOf(lines: readonly string[]): number | null {
  const values = new Map(
    lines.map((line): [string, string] => {
      const [name = '', value = ''] = line.split(' ');
      return [name, value];
    }),
  );
  const count = Number(values.get('NUM_OF_VFS'));
  return values.get('SRIOV_EN')?.startsWith('True') === true && count > 0 ? count : null;
}

function usesOf(
  vf: SeenVf & { readonly master: string },
  addresses: readonly InterfaceAddress[],
  held: ReadonlySet<string>,
  guests: readonly string[],
): readonly string[] {
  const uses: string[] = [];
  const userspace = vf.driver !== null && /vfio|uio/.test(vf.driver);
  if (vf.master !== '') uses.push(`${vf.id} (${vf.dev}) is a port of ${vf.master}`);
  const address = addresses.find(({ dev, scope }) => dev === vf.dev && scope !== 'link');
  if (address !== undefined) uses.push(`${vf.id} (${vf.dev}) has the address ${address.address}`);
  if (vf.driver !== null && !userspace && vf.dev === null)
    uses.push(`${vf.id} has its interface in another network namespace`);
  if (userspace && vf.group !== null && held.has(vf.group)) uses.push(`${vf.id} is held by a program through vfio`);
  const guest = guests.find((line) => guestAddress(line) === vf.address);
  if (guest !== undefined) uses.push(`${vf.id} is in the virtual machine ${guest.slice(0, guest.indexOf(' '))}`);
  return uses;
}

// web1 <address domain='0x0000' bus='0x05' slot='0x10' function='0x0'/>
function guestAddress(line: string): string {
  const part = (name: string, digits: number): string =>
    Number(new RegExp(`\\b${name}=['"](\\w+)['"]`).exec(line)?.[1] ?? 0)
      .toString(16)
      .padStart(digits, '0');
  return `${part('domain', 4)}:${part('bus', 2)}:${part('slot', 2)}.${part('function', 1)}`;
}
