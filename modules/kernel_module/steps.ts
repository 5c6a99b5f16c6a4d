import { poke, remove, sh, snippet, write, type Step } from '../../src/sdk/index.ts';
import { loadFile, optionsFile, type KernelModule } from './params.ts';
import type { State } from './state.ts';

const HEADER = '# managed by kvmnet\n';

/** Files first: modprobe reads them. */
export function moduleSteps(from: State, to: State, p: KernelModule): Step[] {
  const [before, after] = [optionsText(from, p.name), optionsText(to, p.name)];
  const options = before === after ? [] : [...file(optionsFile(p.name), after), ...initramfs(p)];
  const load = from.persist === to.persist ? [] : file(loadFile(p.name), to.persist ? `${HEADER}${p.name}\n` : '');
  return [...options, ...load, ...kernelSteps(from, to, p.name)];
}

const file = (path: string, text: string): Step[] => [text === '' ? remove(path) : write(path, text)];

function optionsText({ options, blacklist }: State, name: string): string {
  const lines = [
    ...(options.length > 0 ? [`options ${name} ${options.join(' ')}`] : []),
    ...(blacklist ? [`blacklist ${name}`] : []),
  ];
  return lines.length === 0 ? '' : `${HEADER}${lines.join('\n')}\n`;
}

/** Whether the module is taken out of the kernel, be it only to be loaded anew. */
export const unloads = (from: State, to: State, name: string): boolean =>
  from.loaded && kernelSteps(from, to, name).some(({ kind }) => kind === 'snippet');

function kernelSteps(from: State, to: State, name: string): Step[] {
  const params = Object.entries(to.params).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  const words = params.map(([key, value]) => `${key}=${value}`);
  if (!from.loaded && to.loaded) return from.later === null ? [snippet(loadScript, ['', name, ...words])] : [];
  if (from.loaded && !to.loaded) return from.busy === null ? [snippet(unloadScript, [name])] : [];
  const different = params.filter(([key, value]) => to.loaded && from.params[key] !== value);
  const fixed = different.filter(([key]) => !from.writable.includes(key));
  // Loaded anew it takes all parameters; where that cannot be, those that can be changed in place are.
  if (fixed.length > 0 && from.busy === null) return [snippet(loadScript, ['again', name, ...words])];
  return different
    .filter(([key]) => from.writable.includes(key))
    .map(([key, value]) => poke(`/sys/module/${name}/parameters/${key}`, value));
}

// modprobe says "Key was rejected by service" of a module that Secure Boot does not let in.
const loadScript = sh`a=$1 n=$2; shift
if [ -n "$a" ]; then modprobe -r -- "$n" || exit; fi
e=$(modprobe -- "$@" 2>&1) && exit 0
case $e in
*'Key was rejected'*|*'Required key not available'*) w='it is not signed with a key that this host trusts, and Secure Boot is on';;
*'Operation not permitted'*) w='the kernel lets nobody load modules (lockdown, or a container)';;
*'Unknown symbol'*|*'Invalid argument'*|*'Invalid parameter'*) w='see dmesg: an unknown parameter, or a module of another kernel';;
*) w=;;
esac
printf '%s\n' "\${e:-modprobe failed}\${w:+: $w}" >&2; exit 1`;

const unloadScript = sh`e=$(modprobe -r -- "$1" 2>&1) || { printf '%s\n' "$e" >&2; exit 1; }
if grep -q "^$1 " /proc/modules; then echo "$1 is still loaded" >&2; exit 1; fi`;

const initramfs = ({ name, initramfs }: KernelModule): Step[] =>
  initramfs === false ? [] : [snippet(initramfsScript, [initramfs === true ? 'y' : '', name.replaceAll('_', '[-_]')])];

// "$1" y: build it in any case; "$2" expression for the module's name. The module that boots from there reads its options
// from there too.
const initramfsScript = sh`k=$(uname -r)
for i in "/boot/initrd.img-$k" "/boot/initramfs-$k.img"; do
  if [ ! -e "$i" ]; then continue; fi
  if [ -z "$1" ]; then
    if command -v lsinitramfs >/dev/null; then l=lsinitramfs; elif command -v lsinitrd >/dev/null; then l=lsinitrd; else exit 0; fi
    $l "$i" 2>/dev/null | grep -q "/$2\.ko" || exit 0
  fi
  if command -v update-initramfs >/dev/null; then update-initramfs -u -k "$k" >/dev/null; exit; fi
  if command -v dracut >/dev/null; then dracut -f "$i" "$k"; exit; fi
done
if [ -n "$1" ]; then echo "there is no initramfs of $k, or nothing to build it with" >&2; exit 1; fi`;
