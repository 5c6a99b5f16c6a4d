import { probeScript, refuse, missing, sh, type Probe } from '../../src/sdk/index.ts';
import { parseFlow, type Flow } from './parse.ts';

export interface Look {
  /** Flows that the bridge has. */
  readonly current: readonly Flow[];
  /** What was asked for, in canonical form, in the order given; fewer where the program refused them. */
  readonly wanted: readonly Flow[];
  /** Why what was asked for cannot be. */
  readonly problem: { readonly kind: 'port' | 'normalized' | 'protocol' | 'flow'; readonly text: string } | null;
}

/** The flows of a bridge, and what is asked for in the form in which the bridge would show it. Null: not installed. */
export const look = (bridge: string, protocols: string, flows: readonly string[]): Probe<Look | null> =>
  probeScript(
    flowScript,
    [bridge, protocols, 'look'],
    ({ stdout, stderr, code }) => {
      if (code === 127) return null;
      if (code !== 0) throw unusable(bridge, stderr);
      const [current = '', wanted = '', errors = ''] = stdout.split('== kvmnet ==\n');
      const read = (text: string): readonly Flow[] => text.split('\n').flatMap((line) => parseFlow(line) ?? []);
      return { current: read(current), wanted: read(wanted), problem: problemOf(errors) };
    },
    { stdin: flows.map((flow) => `${flow}\n`).join('') },
  );

function problemOf(errors: string): Look['problem'] {
  const port = /^kvmnet: no port (.*)$/m.exec(errors)?.[1];
  if (port !== undefined) return { kind: 'port', text: port };
  const [, before, after = ''] = /\bpre: (.*)\n.*post: (.*)$/m.exec(errors) ?? [];
  if (before !== undefined) return { kind: 'normalized', text: `${before} would become ${after}` };
  const said = /^ovs-ofctl: (?:\/dev\/stdin:)?(.*)$/m.exec(errors)?.[1];
  if (said === undefined) return null;
  return { kind: /usable protocol|flow format/.test(said) ? 'protocol' : 'flow', text: said };
}

function unusable(bridge: string, stderr: string): Error {
  if (/version negotiation failed|OpenFlow10 only/.test(stderr)) {
    return refuse(
      `${bridge} does not speak the version of OpenFlow that is needed`,
      `let it: ovs_bridge: { name: ${bridge}, protocols: [OpenFlow10, OpenFlow13, OpenFlow14] }`,
    );
  }
  if (/is not a bridge or a socket/.test(stderr)) {
    return missing(
      `the bridge ${bridge} is not up`,
      `make it first: ovs_bridge: { name: ${bridge} }; ovs-vswitchd has to run`,
    );
  }
  if (/database connection failed|db\.sock/.test(stderr)) {
    return missing(
      'Open vSwitch is not running',
      'start it: service: { name: openvswitch-switch, state: started } (openvswitch on RHEL)',
    );
  }
  return refuse(`the flows of ${bridge} cannot be read: ${stderr.trim()}`);
}

/**
 * "$1" bridge, "$2" version of OpenFlow or empty, "$3" what to do: `look` prints the flows that are there, those on
 * standard input in canonical form, and what is wrong with these; `change` carries out what is on standard input, all of it
 * or nothing. Ports in braces become their numbers; a port that is not up yet has the number that it asks for.
 */
export const flowScript = sh`command -v ovs-ofctl >/dev/null || exit 127
b=$1 v=$2
p=$(ovs-vsctl --timeout=10 -- --if-exists get Bridge "$b" protocols) || exit
# A bridge that does not exist has no flows: the module says what to do about it.
if [ -z "$p" ]; then [ "$3" = look ]; exit; fi
if [ -z "$v" ]; then
  case $p in
    '[]'|*OpenFlow14*) v=OpenFlow14 ;;
    *OpenFlow15*) v=OpenFlow15 ;;
    *OpenFlow13*) v=OpenFlow13 ;;
    *) echo "$b speaks OpenFlow10 only" >&2; exit 1 ;;
  esac
fi
n=$(ovs-vsctl --timeout=10 --format=csv --data=bare --no-headings --columns=name,ofport,ofport_request list Interface) || exit
f=$({ printf '%s\n\n' "$n"; cat; } | awk -F, 'flows == 0 && $0 == "" { flows = 1; next }
  flows == 0 { n[$1] = $2 + 0 > 0 ? $2 : $3; next }
  { s = $0; o = ""
    while ((i = index(s, "{")) > 0) {
      t = substr(s, i + 1); j = index(t, "}"); name = substr(t, 1, j - 1)
      if (n[name] == "") { print "kvmnet: no port " name; exit 1 }
      o = o substr(s, 1, i - 1) n[name]; s = substr(t, j + 1)
    }
    print o s }'); ok=$?
if [ "$3" = change ]; then
  [ "$ok" -eq 0 ] || { printf '%s\n' "$f" | tail -n 1 >&2; exit 1; }
  printf '%s\n' "$f" | ovs-ofctl -O "$v" --timeout=30 --bundle add-flows "$b" -
  exit
fi
ovs-ofctl -O "$v" --timeout=10 --no-stats --no-names dump-flows "$b" || exit
echo '== kvmnet =='
if [ "$ok" -ne 0 ]; then
  echo '== kvmnet =='; printf '%s\n' "$f" | tail -n 1
elif [ -n "$f" ]; then
  exec 3>&1
  e=$(printf '%s\n' "$f" | ovs-ofctl -O "$v" parse-flows /dev/stdin 2>&1 >&3)
  echo '== kvmnet =='; printf '%s\n' "$e"
fi`;
