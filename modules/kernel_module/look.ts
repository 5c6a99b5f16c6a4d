import { probeScript, sh, type Probe, type ProbeOutput } from '../../src/sdk/index.ts';
import { canonicalValue, type KernelModule } from './params.ts';

export interface Look {
  readonly kernel: string;
  readonly loaded: boolean;
  readonly builtin: boolean;
  /** References to a loaded module, and the modules among those that hold them. */
  readonly references: number;
  readonly users: readonly string[];
  /** Network interfaces that it drives. */
  readonly interfaces: readonly string[];
  /** A file of it exists for the running kernel; asked only where it is not loaded. */
  readonly available: boolean;
  /** Other kernels on the disk that have it; asked only where it is not available. */
  readonly otherKernels: readonly string[];
  /** There is no folder of modules for the running kernel. */
  readonly bare: boolean;
  /** `kmod` is there. */
  readonly modprobe: boolean;
  readonly params: Readonly<Record<string, { readonly value: string | null; readonly writable: boolean }>>;
  /** Lines that name it in modprobe.d, with their files. */
  readonly modprobe_d: readonly { readonly file: string; readonly line: string }[];
  /** Files that have it loaded at boot. */
  readonly loadedBy: readonly string[];
}

export const look = (p: KernelModule): Probe<Look> =>
  probeScript(script, [p.name, p.name.replaceAll('_', '[-_]'), ...Object.keys(p.params ?? {})], parseLook);

// sysfs can be read a byte at a time, so builtins do. `-ef` is no POSIX, but dash, bash and busybox have it.
const script = sh`n=$1 r=$2; shift 2
k=$(uname -r); printf 'kernel %s\n' "$k"
if command -v modprobe >/dev/null; then echo modprobe; fi
if [ ! -d "/lib/modules/$k" ]; then echo bare; fi
if l=$(grep -s "^$n " /proc/modules); then set -- "$l" "$@"; printf 'loaded %s\n' "$1"; shift
elif [ -d "/sys/module/$n" ] || grep -qs "/$r\.ko" "/lib/modules/$k/modules.builtin"; then echo builtin
elif grep -qs "/$r\.ko[.a-z0-9]*:" "/lib/modules/$k/modules.dep"; then echo available
else grep -ls "/$r\.ko[.a-z0-9]*:" /lib/modules/*/modules.dep | sed 's/^/other /'; fi
for p do
  f=/sys/module/$n/parameters/$p
  if [ -e "$f" ]; then
    w=-; if { true >>"$f"; } 2>/dev/null; then w=w; fi
    if { read -r v <"$f"; } 2>/dev/null; then printf 'param %s r%s %s\n' "$p" "$w" "$v"; else printf 'param %s -%s\n' "$p" "$w"; fi
  fi
done
for d in /sys/class/net/*/device/driver/module; do
  if [ "$d" -ef "/sys/module/$n" ]; then d=\${d#/sys/class/net/}; printf 'nic %s\n' "\${d%%/*}"; fi
done
grep -sHE "^[[:space:]]*(options|blacklist|install)[[:space:]]+$r([[:space:]]|$)" /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf | sed 's/^/line /'
grep -lsE "^[[:space:]]*$r[[:space:]]*$" /etc/modules /etc/modules-load.d/*.conf /run/modules-load.d/*.conf /usr/lib/modules-load.d/*.conf | sed 's/^/at-boot /'
:`;

export function parseLook({ stdout }: Pick<ProbeOutput, 'stdout'>): Look {
  const lines = stdout.split('\n');
  const of = (kind: string): readonly string[] =>
    lines.flatMap((line) => (line === kind ? [''] : line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));
  const loaded = of('loaded')[0]?.split(' ');
  const [kernel = ''] = of('kernel');
  return {
    kernel,
    loaded: loaded !== undefined,
    builtin: of('builtin').length > 0,
    references: Number(loaded?.[2] ?? 0),
    users: (loaded?.[3] ?? '').split(',').filter((user) => user !== '' && user !== '-'),
    interfaces: of('nic'),
    available: of('available').length > 0,
    otherKernels: of('other').flatMap((path) => /^\/lib\/modules\/([^/]+)\//.exec(path)?.[1] ?? []),
    bare: of('bare').length > 0,
    modprobe: of('modprobe').length > 0,
    params: Object.fromEntries(
      of('param').map((line) => {
        const [name = '', access = '', ...words] = line.split(' ');
        const value = words.join(' ');
        const shown = value === '(null)' ? '' : value.split(',').map(canonicalValue).join(',');
        return [name, { value: access.startsWith('r') ? shown : null, writable: access.endsWith('w') }];
      }),
    ),
    modprobe_d: of('line').flatMap((text) => {
      const [, file, line] = /^(\/.*?\.conf):\s*(.*?)\s*$/.exec(text) ?? [];
      // On a system with one /usr the same file shows under two names.
      return file === undefined || line === undefined || file.startsWith('/lib/') ? [] : [{ file, line }];
    }),
    loadedBy: of('at-boot'),
  };
}
