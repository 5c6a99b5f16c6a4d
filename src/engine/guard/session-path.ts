import { probeScript, sh, type Probe } from '../../sdk/index.ts';
import type { Touches } from '../../sdk/module.ts';

/** What our own session passes on a host: if one of these goes, we are locked out. */
export interface SessionPath {
  /** Our address as the host sees it. */
  readonly client: string;
  /** The host's address that we are connected to. */
  readonly server: string;
  /** The interfaces that carry the session: the one with the address, the one of the route back, and all below them. */
  readonly links: readonly string[];
  /** Destination of the route back to us, `default` where there is none of its own. */
  readonly route: string;
}

// sudo drops SSH_CONNECTION, so it is looked for in the environments of the processes above. The interfaces below one are
// its `lower_*` links in sysfs: members of a bond or bridge, the carrier of a VLAN.
const readPath = sh`c=$SSH_CONNECTION p=$$
while [ -z "$c" ] && [ "$p" -gt 1 ]; do
  c=$(tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
  IFS= read -r s <"/proc/$p/stat" || break
  s=\${s##*) }; s=\${s#* }; p=\${s%% *}
done
[ -n "$c" ] || exit 0
set -- $c
printf 'connection %s %s\n' "$1" "$3"
r=$(ip -o route get "$1" 2>/dev/null)
case $r in *' dev '*) d=\${r#* dev }; d=\${d%% *};; *) d=;; esac
m=$(ip -o route show match "$1" 2>/dev/null | tail -n 1); printf 'route %s\n' "\${m%% *}"
a=$(ip -o addr show to "$3" 2>/dev/null | awk '{ print $2 }')
todo="$d $a" done=' '
while [ -n "\${todo# }" ]; do
  next=
  for l in $todo; do
    l=\${l%%@*}
    case $done in *" $l "*) continue;; esac
    done="$done$l "; printf 'link %s\n' "$l"
    for f in /sys/class/net/"$l"/lower_*; do if [ -e "$f" ]; then next="$next \${f##*/lower_}"; fi; done
  done
  todo=$next
done`;

/** Finds the path of the session that asks. Null where there is none: a local connection. */
export const sessionPathProbe: Probe<SessionPath | null> = probeScript(readPath, [], ({ stdout }) => {
  const lines = stdout.split('\n').map((line) => line.split(' '));
  const values = (key: string): readonly string[][] =>
    lines.filter(([name]) => name === key).map(([, ...rest]) => rest);
  const [client, server] = values('connection')[0] ?? [];
  if (client === undefined || server === undefined) return null;
  return { client, server, links: values('link').flat(), route: values('route')[0]?.[0] ?? 'default' };
});

/** Chains that packets of our session always pass. */
const chains = new Set(
  ['filter', 'mangle', 'raw', 'security', 'nat'].flatMap((table) =>
    ['INPUT', 'OUTPUT', 'PREROUTING', 'POSTROUTING'].map((chain) => `${table}/${chain}`),
  ),
);

/** Where a change crosses the path of our session, in words; empty where it does not. */
export function crossings(touches: Touches | 'none' | undefined, path: SessionPath | null): readonly string[] {
  if (touches === undefined || touches === 'none' || path === null) return [];
  return [
    ...(touches.links ?? []).filter((link) => path.links.includes(link)).map((link) => `interface ${link}`),
    ...(touches.addresses ?? []).filter((address) => address.split('/')[0] === path.server).map((a) => `address ${a}`),
    ...(touches.routes ?? []).filter((route) => route === path.route).map((route) => `route ${route}`),
    ...(touches.chains ?? []).filter((chain) => chains.has(chain)).map((chain) => `chain ${chain}`),
  ];
}

/** Whether a change can cross the path at all: only then is it worth asking for it. */
export const mayCross = (touches: Touches | 'none' | undefined): touches is Touches =>
  touches !== undefined &&
  touches !== 'none' &&
  [touches.links, touches.addresses, touches.routes, touches.chains].some((list) => (list?.length ?? 0) > 0);
