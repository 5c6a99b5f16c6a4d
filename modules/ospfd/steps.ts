import { exec, remove, sh, snippet, waitFor, write, type Step } from '../../src/sdk/index.ts';
import { commands, type Dialect } from './commands.ts';
import { authText, keysOf, readConfig, type Config, type State } from './config.ts';
import type { Ospfd } from './params.ts';
import type { Seen } from './read.ts';

// Judged as a whole first: the daemon takes line by line, and `ospfd -C` takes everything. Keys are no arguments, which ps shows.
const configure = sh`export VTYSH_HISTFILE=/dev/null
c=$(cat)
printf '%s\n' "$c" | vtysh -C -f /dev/stdin >&2 || exit
printf '%s\n' "$c" | vtysh -d ospfd -f /dev/stdin >&2`;
// Quagga's vtysh reads commands, ends well whatever they gave, and marks errors with %.
const configureQuagga = sh`o=$({ echo 'configure terminal'; cat; echo end; } | vtysh 2>&1)
case $o in *%*|*"already same network"*) printf '%s\n' "$o" >&2; exit 1;; esac`;

const restart = sh`if [ -d /run/systemd/system ]; then
  if [ -e "/etc/$1/daemons" ]; then systemctl --quiet enable "$1" && systemctl restart "$1"
  else systemctl --quiet enable zebra ospfd && systemctl restart zebra ospfd; fi
elif [ "$1" = frr ] && [ -x /usr/lib/frr/frrinit.sh ]; then /usr/lib/frr/frrinit.sh restart >/dev/null
else echo "no systemd to restart $1 with" >&2; exit 1; fi`;
const stopDaemon = sh`systemctl --quiet disable ospfd && systemctl stop ospfd`;
const answers = sh`VTYSH_HISTFILE=/dev/null vtysh -d ospfd -c 'show running-config' >/dev/null 2>&1`;
const isGone = sh`! VTYSH_HISTFILE=/dev/null vtysh -d ospfd -c 'show running-config' >/dev/null 2>&1`;

type Goal = Partial<State>;

/** From one state to another; `seen` is what was read before the change, also when it is taken back. */
export function ospfSteps(from: Goal | null, to: Goal | null, p: Ospfd, seen: Seen): readonly Step[] {
  const none = readConfig('', p);
  const original = readConfig(seen.running ?? seen.saved ?? '', p);
  const now = { enabled: seen.enabled, running: seen.running !== null, ...from };
  const before: Config = { ...none, ...from };
  // What is not spoken of stays.
  const up = from === null ? { enabled: true, running: true } : now;
  const after = to === null ? { ...up, ...none } : { ...now, ...before, router: true, ...to };
  const lines = commands(before, after, dialect(p, seen));
  const back = isBack(before, after, original);
  const steps: Step[] = [];
  const differs = (key: 'enabled' | 'running'): boolean => after[key] !== now[key];
  const stops = !after.running && differs('running');
  if (lines.length > 0 && (stops || now.running)) steps.push(...change(lines, seen));
  const daemons = differs('enabled') || differs('running');
  if (daemons && seen.daemons !== null) {
    const text = seen.enabled === after.enabled ? seen.daemons : withDaemon(seen.daemons, after.enabled);
    steps.push(write(`/etc/${seen.kind}/daemons`, text));
  }
  const late = lines.length > 0 && !(stops || now.running);
  // Files first where the daemon goes away: it writes them no more.
  if (stops) steps.push(...restore(seen));
  if (daemons) {
    steps.push(stops && seen.daemons === null ? snippet(stopDaemon, []) : snippet(restart, [seen.kind]));
    steps.push(waitFor(stops ? 'ospfd to end' : 'ospfd to answer', stops ? isGone : answers, [], { timeout: 30 }));
  }
  if (late) steps.push(...change(lines, seen));
  if (stops || (steps.length === 0 && from?.saved === to?.saved)) return steps;
  return [
    ...steps,
    ...(back && (from === null || from.saved === true)
      ? restore(seen)
      : [exec(['vtysh', '-c', 'write memory'], { environment: { VTYSH_HISTFILE: '/dev/null' } })]),
  ];
}

const change = (lines: readonly string[], seen: Seen): readonly Step[] => [
  snippet(seen.kind === 'frr' ? configure : configureQuagga, [], { stdin: `${lines.join('\n')}\n` }),
];

/** The file as it was, and the copy that the daemon makes of it. */
const restore = (seen: Seen): readonly Step[] => [
  seen.saved === null ? remove(seen.path) : write(seen.path, seen.saved),
  seen.copy === null ? remove(`${seen.path}.sav`) : write(`${seen.path}.sav`, seen.copy),
];

/** Whether the way leads to what was read, and not away from it. */
function isBack(before: Config, after: Config, original: Config): boolean {
  const picked = (config: Config): string =>
    JSON.stringify(Object.keys(original).map((key) => [key, config[key as keyof Config]]));
  return picked(after) === picked(original) && picked(before) !== picked(original);
}

function dialect(p: Ospfd, seen: Seen): Dialect {
  const own = Object.values(p.interfaces).flatMap(({ auth }): [string, string][] =>
    auth?.key === undefined || auth.type === 'none' ? [] : [[authText(auth.type, auth.key, auth.key_id), auth.key]],
  );
  const keys = new Map([...keysOf(seen.saved ?? ''), ...keysOf(seen.running ?? ''), ...own]);
  return { passiveInRouter: seen.kind === 'quagga', key: (auth) => keys.get(auth) };
}

const withDaemon = (text: string, on: boolean): string => {
  const line = `ospfd=${on ? 'yes' : 'no'}`;
  const edited = text.replace(/^ospfd=.*$/m, line);
  const added = /^ospfd=/m.test(text) ? edited : `${text}${line}\n`;
  // Quagga's zebra is started only where it is asked for; FRR's always is.
  return added.replace(/^zebra=no$/m, on ? 'zebra=yes' : 'zebra=no');
};
