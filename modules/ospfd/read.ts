import { missing, probeScript, sh, type Probe, type ProbeOutput } from '../../src/sdk/index.ts';

export interface Seen {
  readonly kind: 'frr' | 'quagga';
  /** Its configuration as it runs; null: the daemon does not run. */
  readonly running: string | null;
  /** The file that keeps it, and its path; null: no such file. */
  readonly path: string;
  readonly saved: string | null;
  /** The copy that the daemon made when it saved; null: none. */
  readonly copy: string | null;
  /** /etc/frr/daemons or its like; null on hosts with a unit for each daemon. */
  readonly daemons: string | null;
  readonly enabled: boolean;
  readonly forwarding: boolean;
  /** Links with one other end, tunnels say: to OSPF, that is their kind of network by default. */
  readonly pointToPoint: ReadonlySet<string>;
}

/** "$1" auto, frr or quagga. */
// vtysh would note every command in a file in the user's home.
const look = sh`export VTYSH_HISTFILE=/dev/null
command -v vtysh >/dev/null || exit 127
kind=$1
if [ "$kind" = auto ]; then if [ -d /etc/frr ]; then kind=frr; else kind=quagga; fi; fi
e=/etc/$kind
[ -d "$e" ] || { echo "$kind is not installed" >&2; exit 1; }
part() { echo "== $1"; if [ -n "$2" ]; then sed 's/^/|/' "$2"; fi; }
echo "== kind $kind"
if grep -qs '^no service integrated-vtysh-config' "$e/vtysh.conf" || { [ "$kind" = quagga ] && ! grep -qs '^service integrated-vtysh-config' "$e/vtysh.conf"; }; then f=$e/ospfd.conf
elif [ $kind = frr ]; then f=$e/frr.conf; else f=$e/Quagga.conf; fi
# Without frr.conf FRR reads the files of single daemons, and writes frr.conf.
if [ -e "$f" ]; then part "saved $f" "$f"; else part "unsaved $f"; fi
if [ -e "$f.sav" ]; then part copy "$f.sav"; fi
if [ -e "$e/daemons" ]; then part daemons "$e/daemons"
elif systemctl is-enabled --quiet ospfd 2>/dev/null; then part enabled; fi
r=$(vtysh -d ospfd -c 'show running-config' 2>/dev/null) && {
  part running; printf '%s\n' "$r" | sed 's/^/|/'
}
part "forward $(cat /proc/sys/net/ipv4/ip_forward)"
p=
for i in /sys/class/net/*; do
  if read -r w <"$i/flags" && [ $((w & 16)) != 0 ]; then p="$p \${i##*/}"; fi
done 2>/dev/null
part "p2p$p"`;

export const ospfProbe = (daemon: string): Probe<Seen> => probeScript(look, [daemon], parseSeen);

export function parseSeen(output: ProbeOutput): Seen {
  if (output.code === 127) throw missing('no OSPF daemon is installed (vtysh is not there)', 'package: { name: frr }');
  if (output.code !== 0) throw missing(output.stderr.trim(), 'install it, or leave daemon out');
  const parts = new Map<string, string>();
  const heads: string[] = [];
  for (const text of output.stdout.split(/^== /m).slice(1)) {
    const [head = '', ...lines] = text.split('\n');
    const [name = ''] = head.split(' ');
    heads.push(head);
    parts.set(name, lines.flatMap((line) => (line.startsWith('|') ? [`${line.slice(1)}\n`] : [])).join(''));
  }
  const argument = (name: RegExp): string => heads.find((head) => name.test(head))?.replace(name, '') ?? '';
  const daemons = parts.get('daemons') ?? null;
  return {
    kind: argument(/^kind /) === 'quagga' ? 'quagga' : 'frr',
    running: parts.get('running') ?? null,
    path: argument(/^(un)?saved /),
    saved: parts.get('saved') ?? null,
    copy: parts.get('copy') ?? null,
    daemons,
    enabled: daemons === null ? parts.has('enabled') : /^ospfd=["']?(yes|1|true)/m.test(daemons),
    forwarding: argument(/^forward /) === '1',
    pointToPoint: new Set(argument(/^p2p /).split(' ').filter(Boolean)),
  };
}
