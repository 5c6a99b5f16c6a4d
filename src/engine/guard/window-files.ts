import { compileStep, type CompileContext } from '../../sdk/compile.ts';
import { quote } from '../../sdk/quote.ts';
import { sh, type Script, type Step } from '../../sdk/index.ts';
import type { Kept } from '../journal/change-log.ts';

/** Where one window lies on the host. */
export interface WindowPlace {
  /** Unique on the host; letters, digits and hyphens. */
  readonly id: string;
  readonly folder: string;
  /** Beginning of the names of its systemd units. */
  readonly unit: string;
}

export const placeOf = (id: string): WindowPlace => ({
  id,
  folder: `/var/lib/kvmnet/confirm/${id}`,
  unit: `kvmnet-confirm-${id}`,
});

/** One change within a window, with its way back. */
export interface Layer {
  /** 1 is the first; they are taken back in reverse. */
  readonly number: number;
  readonly change: readonly Step[];
  readonly undo: readonly Step[];
  /** `export` lines for the steps. */
  readonly environment: string;
  /** Paths of uploaded files on the host, by SHA-256. */
  readonly uploads: ReadonlyMap<string, string>;
  /** What a later `kvmnet undo` needs: kept first, beyond the window. */
  readonly kept: Kept | undefined;
}

const path = 'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const head = (folder: string): string => `#!/bin/sh\n${path}\ncd ${folder} || exit 1\n`;

const contextOf = (folder: string, { uploads, kept }: Layer): CompileContext => ({
  undoStore: kept?.store ?? `${folder}/store`,
  // What was uploaded goes with the connection: the change has its own copy.
  uploads: new Map([...uploads].map(([sha256]) => [sha256, `${folder}/upload-${sha256}`])),
});

/** Makes one change, apart from our session, and stops where it is taken back meanwhile. */
export function changeScript({ folder }: WindowPlace, layer: Layer): string {
  const { number, change, environment } = layer;
  const context = contextOf(folder, layer);
  const steps = change.map(
    (step, index) =>
      `[ -e armed ] || exit 1\n( ${environment}${compileStep(step, context)}\n) >out-${number} 2>err-${number} || { ended "${index} $?"; exit 1; }`,
  );
  return [
    `${head(folder)}echo $$ >change-${number}.pid`,
    // When it ended is in hundredths of a second since boot: a clock that nobody sets.
    `ended() { IFS=' .' read -r s h r </proc/uptime; echo "$1 $s$h" >result.new; rm -f change-${number}.pid; mv result.new result-${number}; }`,
    // Time for our answer to reach the controller before the link goes.
    'sleep 0.3 2>/dev/null || sleep 1',
    `: >begun-${number}`,
    ...steps,
    'ended "done -"',
    '',
  ].join('\n');
}

/** Takes one change back, from whatever half-way state: each step that can be done is. */
export function layerUndoScript({ folder }: WindowPlace, layer: Layer): string {
  const { number, undo, environment } = layer;
  const context = contextOf(folder, layer);
  return [
    `${head(folder)}[ -e begun-${number} ] || exit 0`,
    ...undo.map(
      (step) =>
        `( ${environment}${compileStep(lenient(step), context)}\n) || echo ${quote(`could not undo: ${describe(step)}`)}`,
    ),
    '',
  ].join('\n');
}

// A batch of ip that began half-way would stop at the first thing that is not there.
const lenient = (step: Step): Step =>
  step.kind === 'exec' && step.argv.includes('-batch') && !step.argv.includes('-force')
    ? { ...step, argv: [step.argv[0] ?? '', '-force', ...step.argv.slice(1)], ok: [...(step.ok ?? []), 1] }
    : step;

/**
 * Takes all changes of the window back, the last one first. Who wins between the clock and the confirmation is decided by one
 * rename of the file `armed`: whoever moves it away acts, the other finds it gone.
 */
export const undoScript = (
  place: WindowPlace,
): string => `${head(place.folder)}# Takes back changes of kvmnet that nobody has confirmed.
# After a power cut in the middle of it, it begins again.
if [ "$1" = boot ] && [ -e undoing ]; then :; else mv armed undoing 2>/dev/null || exit 0; fi
IFS=' .' read -r s h r </proc/uptime; echo "$s$h" >undoing-at
exec >>log 2>&1
if [ "$1" != boot ]; then
  for f in change-*.pid; do
    if [ -e "$f" ] && read -r p <"$f"; then
      # No "--" before it: dash and busybox would take that for a process.
      kill -TERM "-$p"; n=0
      while kill -0 "-$p" && [ $n -lt 10 ]; do n=$((n+1)); sleep 0.2 || sleep 1; done
      kill -KILL "-$p"
    fi
  done 2>/dev/null
fi
n=1; while [ -e "undo-$((n+1)).sh" ]; do n=$((n+1)); done
while [ $n -gt 0 ]; do sh "undo-$n.sh"; n=$((n-1)); done
sh path.sh restore
${dropUnit(place)}
mv undoing undone
`;

/** Waits until the window has passed. The end may be put off while it waits. */
export const watchScript = ({ folder }: WindowPlace): string => `${head(folder)}echo $$ >watch.pid
while [ -e armed ]; do
  IFS=' .' read -r now rest </proc/uptime
  read -r end <deadline
  [ "$end" -gt "$now" ] || exec sh undo.sh
  sleep $((end - now))
done
`;

/**
 * What an undo by steps may miss: a link that goes down takes routes along that are none of ours (of DHCP, say). `save`
 * keeps how the host reaches us, `restore` sets what of it is not there any more.
 */
const keepPath: Script = sh`if [ "$1" = save ]; then
  [ -n "$2" ] || exit 0
  ip -o addr show to "$3" >path-addresses
  case $2 in *:*) f=-6;; *) f=-4;; esac
  ip $f -o route show match "$2" >path-routes
  printf '%s\n' "$2" "$3" $f >path-ends
  exit 0
fi
[ -s path-ends ] || exit 0
{ read -r client; read -r server; read -r f; } <path-ends
while read -r n dev kind address rest; do
  if [ -n "$(ip -o addr show dev "$dev" to "$server" 2>/dev/null)" ]; then continue; fi
  ip link set dev "$dev" up
  case $kind in inet6) ip addr replace "$address" dev "$dev" nodad;; *) ip addr replace "$address" dev "$dev";; esac
done <path-addresses
now=$(ip $f -o route show match "$client")
while IFS= read -r route; do
  case $now in *"$route"*) continue;; esac
  case $route in *' proto kernel '*) continue;; esac
  route=\${route%%' expires '*}; route=\${route%% linkdown*}; route=\${route%% dead*}
  ip $f route replace $route
done <path-routes`;

export const pathScript = ({ folder }: WindowPlace): string => `${head(folder)}${keepPath}\n`;

/** Takes the changes back where the host restarts inside of the window. */
export const unitText = ({ folder }: WindowPlace, after: readonly string[]): string =>
  [
    '# Written by kvmnet while a change waits for its confirmation.',
    '[Unit]',
    'Description=kvmnet: take back a change that nobody has confirmed',
    `After=${['network.target', ...after].join(' ')}`,
    '[Service]',
    'Type=oneshot',
    `ExecStart=/bin/sh ${folder}/undo.sh boot`,
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');

/** Boot units that a change writes or takes away: at a boot inside of the window they run before the undo. */
export const bootUnitsOf = ({ change, undo }: Pick<Layer, 'change' | 'undo'>): readonly string[] => [
  ...new Set(
    [...change, ...undo].flatMap((step) =>
      'path' in step ? (/^\/etc\/systemd\/system\/(kvmnet-[^/]+\.service)$/.exec(step.path)?.[1] ?? []) : [],
    ),
  ),
];

export const unitPath = ({ unit }: WindowPlace): string => `/etc/systemd/system/${unit}.service`;
export const wantedPath = ({ unit }: WindowPlace): string =>
  `/etc/systemd/system/multi-user.target.wants/${unit}.service`;
export const dropUnit = (place: WindowPlace): string => `rm -f ${wantedPath(place)} ${unitPath(place)}`;

const describe = (step: Step): string => {
  if (step.kind === 'exec') return step.argv.join(' ');
  return 'path' in step ? `${step.kind} ${step.path}` : step.kind;
};
