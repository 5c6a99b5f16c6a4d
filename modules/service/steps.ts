import { exec, sh, snippet, type Step } from '../../src/sdk/index.ts';
import type { Service } from './params.ts';
import type { State } from './state.ts';

/** From any state of a service to any other: first what allows it to start, last what forbids it. */
export function serviceSteps(from: State, to: State, p: Service): Step[] {
  const starts = to.active === 'active' && from.active !== 'active';
  const stops = down(to) && !down(from);
  const reload = from.stale && (starts || !to.stale);
  return [
    ...(from.masked && !to.masked ? [systemctl('unmask', to)] : []),
    ...(reload || (p.daemon_reload && starts && from.init === 'systemd') ? [daemonReload] : []),
    ...(from.enabled !== true && to.enabled === true ? [systemctl('enable', to)] : []),
    ...(starts ? [startStep('start', from, p)] : []),
    ...(stops ? [stopStep(to)] : []),
    ...(from.enabled !== false && to.enabled === false ? [systemctl('disable', to)] : []),
    ...(to.masked && !from.masked ? [systemctl('mask', to)] : []),
  ];
}

/** One that starts, stops or waits to be started again is not down. */
const down = ({ active }: State): boolean => active === 'inactive' || active === 'failed';

export const daemonReload = exec(['systemctl', 'daemon-reload']);

const systemctl = (verb: string, { unit }: State): Step => exec(['systemctl', '-q', verb, '--', unit]);

const stopStep = (state: State): Step =>
  state.init === 'systemd' ? systemctl('stop', state) : exec([serviceTool(state), state.unit, 'stop']);

const serviceTool = ({ init }: State): string => (init === 'openrc' ? 'rc-service' : 'service');

/** Starts, restarts or reloads, and looks whether it stays up. */
export function startStep(verb: 'start' | 'restart' | 'reload', state: State, p: Service): Step {
  if (state.init !== 'systemd') return exec([serviceTool(state), state.unit, verb]);
  return snippet(startScript, [state.unit, verb, String(p.settle), state.active === 'failed' ? 'f' : '']);
}

// A service of type simple counts as started as soon as there is a process: one that ends at once, or again and again, is
// seen only by looking once more. What it has logged says more than systemctl does; the last line becomes the error.
const startScript = sh`why() {
  journalctl -q -n 5 --no-pager -o cat -u "$u" >&2 2>/dev/null
  printf '%s\n' "\${1%%See \"*}" >&2
  exit 1
}
u=$1
if [ -n "$4" ]; then systemctl reset-failed -- "$u"; fi
e=$(systemctl "$2" -- "$u" 2>&1) || why "$e"
get() { systemctl show --no-pager -p MainPID,NRestarts,ActiveState,SubState,Result,ExecMainStatus -- "$u"; }
of() { case $1 in *"$2="*) r=\${1#*"$2="}; printf %s "\${r%%[!A-Za-z0-9-]*}";; esac; }
a=$(get)
case $a in *ActiveState=inactive*|*SubState=exited*) exit 0;; esac
sleep "$3" 2>/dev/null || sleep 1
b=$(get)
case $(of "$b" ActiveState) in
active|reloading|refreshing)
  n=$(of "$a" NRestarts) m=$(of "$b" NRestarts)
  if [ "$n" = "$m" ] || [ "$(of "$a" MainPID)" = "$(of "$b" MainPID)" ]; then exit 0; fi
  why "$u did not stay up for $3 s: it ended, and systemd has started it again";;
inactive) if [ "$(of "$b" Result)" = success ]; then exit 0; fi;;
esac
why "$u did not stay up for $3 s: $(of "$b" Result), status $(of "$b" ExecMainStatus)"`;
