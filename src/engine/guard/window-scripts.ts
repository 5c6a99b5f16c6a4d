import { dirname } from 'node:path/posix';
import { quote } from '../../sdk/quote.ts';
import {
  bootUnitsOf,
  changeScript,
  dropUnit,
  layerUndoScript,
  pathScript,
  undoScript,
  unitPath,
  unitText,
  wantedPath,
  watchScript,
  type Layer,
  type WindowPlace,
} from './window-files.ts';

/** The ends of our session as the host sees them; empty where they are not known. */
export interface SessionEnds {
  readonly client: string;
  readonly server: string;
}

/** Exit codes of the scripts below. */
export const tooLate = 3;
export const noSuchWindow = 4;

/** The run that has the lock of the host, which an open window keeps for it: see `engine/lock`. */
interface WindowHolder {
  readonly token: string;
  readonly words: string;
}

/** One arm for all: each is plain sh for a part of a request. */
export interface WindowScripts {
  /** Stores the way back, sets the clock, then lets the change run apart from our session. `tooLate`: it is being taken back. */
  arm(layer: Layer, earlier: readonly Layer[]): string;
  /**
   * Waits at most so long for a change to end; prints `done - AGE`, `STEP CODE AGE`, `running`, `lapsed` (it has ended, and is
   * being taken back) or `gone` (it was taken back before it ended); AGE in 1/100 s.
   */
  outcome(number: number, waitSeconds: number): string;
  /** Puts the end of the window off. */
  readonly extend: string;
  /** Calls the undo off for good. `tooLate`: prints the 1/100 s since it has begun. */
  readonly disarm: string;
  /** Undoes now instead of later, apart from our session. */
  readonly undo: string;
  /** What is left to say after the host has undone the changes: the log of it. Then nothing is left on the host. */
  readonly aftermath: string;
}

/** The dead man's switch (DESIGN.md, section 7; docs/decisions/0006). */
export function windowScripts(
  place: WindowPlace,
  windowSeconds: number,
  ends: SessionEnds,
  holder?: WindowHolder,
): WindowScripts {
  const { folder, unit } = place;
  const systemd = '[ -d /run/systemd/system ]';
  const enter = `cd ${folder} 2>/dev/null || exit ${noSuchWindow}`;
  const file = (name: string, text: string): string =>
    `{ printf %s ${quote(text)} | cat >${name}.new && mv ${name}.new ${name}; } || fail ${quote(`${name} cannot be written`)}`;
  const setDeadline = `IFS=' .' read -r now rest </proc/uptime && echo $((now + ${windowSeconds})) >deadline.new && mv deadline.new deadline`;
  const apart = (name: string, script: string): string =>
    `if ${systemd}; then systemd-run --quiet --collect --no-block --unit=${unit}-${name} /bin/sh ${folder}/${script} || fail 'systemd-run has failed'; else setsid sh ${folder}/${script} </dev/null >/dev/null 2>&1 & fi`;
  const forget = [
    `if ${systemd}; then systemctl stop ${unit}-watch.service 2>/dev/null; fi`,
    `if [ -e watch.pid ] && read -r p <watch.pid; then kill -TERM "-$p" 2>/dev/null; fi`,
    dropUnit(place),
    `cd / && rm -rf ${folder}; rmdir /var/lib/kvmnet/confirm /var/lib/kvmnet 2>/dev/null || :`,
  ].join('\n');

  const holderFiles =
    holder === undefined
      ? []
      : [file('holder', `${holder.token} - ${holder.words}\n`), 'cat /proc/sys/kernel/random/boot_id >boot'];
  const wantedFolder = dirname(wantedPath(place));
  const bootUnit = (layers: readonly Layer[]): string =>
    [
      `if ${systemd}; then`,
      `  ${file(unitPath(place), unitText(place, [...new Set(layers.flatMap(bootUnitsOf))]))}`,
      `  chmod 0644 ${unitPath(place)} && mkdir -p ${wantedFolder} && ln -sf ${unitPath(place)} ${wantedPath(place)} || fail 'the boot unit cannot be enabled'`,
      'fi',
    ].join('\n');
  // What the change writes is on the disk at once: the way back has to be there before it.
  const outlastPowerCut = `if ${systemd}; then sync -- * ${unitPath(place)} ${wantedFolder} . ; else sync -- * . ; fi 2>/dev/null || sync`;
  const take = ({ number, uploads }: Layer): readonly string[] =>
    [...uploads].map(
      ([sha256, upload]) => `mv ${quote(upload)} upload-${sha256} || fail 'upload ${number} cannot be kept'`,
    );
  const layerFiles = (layer: Layer): readonly string[] => [
    ...(layer.kept?.script === undefined
      ? []
      : [`( ${layer.kept.script}\n) || fail 'what an undo needs cannot be kept'`]),
    ...take(layer),
    file(`change-${layer.number}.sh`, changeScript(place, layer)),
    file(`undo-${layer.number}.sh`, layerUndoScript(place, layer)),
  ];

  return {
    arm: (layer, earlier) =>
      earlier.length === 0
        ? [
            'umask 077',
            `fail() { echo "$1" >&2; ${dropUnit(place)}; cd / && rm -rf ${folder}; exit 1; }`,
            `mkdir -p /var/lib/kvmnet/confirm && mkdir ${folder} && cd ${folder} || fail '${folder} cannot be made'`,
            ...layerFiles(layer),
            file('undo.sh', undoScript(place)),
            file('watch.sh', watchScript(place)),
            file('path.sh', pathScript(place)),
            `sh path.sh save ${quote(ends.client)} ${quote(ends.server)} 2>/dev/null`,
            ...holderFiles,
            `${setDeadline} || fail 'the end of the window cannot be set'`,
            bootUnit([layer]),
            `: >armed || fail 'the undo cannot be armed'`,
            outlastPowerCut,
            apart('watch', 'watch.sh'),
            apart(`change-${layer.number}`, `change-${layer.number}.sh`),
          ].join('\n')
        : [
            enter,
            'umask 077',
            `fail() { echo "$1" >&2; exit 1; }`,
            ...layerFiles(layer),
            bootUnit([...earlier, layer]),
            outlastPowerCut,
            `${setDeadline} || fail 'the end of the window cannot be set'`,
            // Whoever takes the earlier changes back from here on sees this one too.
            `[ -e armed ] || exit ${tooLate}`,
            apart(`change-${layer.number}`, `change-${layer.number}.sh`),
          ].join('\n'),
    outcome: (number, waitSeconds) =>
      [
        enter,
        `n=0; while [ ! -e result-${number} ] && [ -e armed ] && [ $n -lt ${Math.ceil(waitSeconds * 5)} ]; do n=$((n+1)); sleep 0.2 2>/dev/null || sleep 1; done`,
        // Taken back meanwhile: what came of it does not matter any more.
        `if [ ! -e armed ]; then [ -e result-${number} ] && echo lapsed || echo gone`,
        `elif [ -e result-${number} ]; then`,
        `  read -r what code at <result-${number}; IFS=' .' read -r s h r </proc/uptime`,
        // A leading zero would make the number octal.
        `  at=\${at#0}; now=$s$h; now=\${now#0}; echo "$what $code $((now - at))"; cat err-${number} >&2 2>/dev/null`,
        'else echo running; fi; :',
      ].join('\n'),
    extend: [enter, `[ -e armed ] || exit ${tooLate}`, setDeadline].join('\n'),
    disarm: [
      enter,
      'mv armed confirmed 2>/dev/null || {',
      `  IFS=' .' read -r s h r </proc/uptime; now=$s$h; read -r at <undoing-at; echo $((\${now#0} - \${at#0})); exit ${tooLate}; }`,
      // Else a loss of power a moment later would find it armed, and take back what was confirmed.
      'sync -- . 2>/dev/null || sync',
      forget,
    ].join('\n'),
    undo: [enter, 'fail() { echo "$1" >&2; exit 1; }', `[ ! -e armed ] || ${apart('undo', 'undo.sh')}`].join('\n'),
    aftermath: [
      enter,
      'n=0; while [ ! -e undone ] && [ $n -lt 10 ]; do n=$((n+1)); sleep 0.2 2>/dev/null || sleep 1; done',
      `[ -e undone ] || exit ${tooLate}`,
      'cat log',
      forget,
    ].join('\n'),
  };
}
