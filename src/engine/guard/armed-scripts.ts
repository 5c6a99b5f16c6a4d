import { compileStep, type CompileContext } from '../../sdk/compile.ts';
import { quote } from '../../sdk/quote.ts';
import type { Step } from '../../sdk/index.ts';
import type { Kept } from '../journal/change-log.ts';

/** The scripts of one guarded change. Each is plain sh for a part of a request. */
export interface ArmedScripts {
  /** Stores the undo, arms the timer and the boot unit, then lets the change run apart from our session. */
  readonly arm: string;
  /** Waits for the change to end; prints the number of the step that failed with its exit code, or `done`. */
  readonly outcome: string;
  /** Calls the undo off for good. Exit code 3: too late, it has run or runs now. */
  readonly disarm: string;
  /** Undoes now instead of later, and waits for it. */
  readonly undo: string;
  /** What is left to say after the host has undone the change: the log of the undo. Then nothing is left on the host. */
  readonly aftermath: string;
}

interface Armed {
  /** Unique on the host; letters, digits and hyphens. */
  readonly id: string;
  readonly change: readonly Step[];
  readonly undo: readonly Step[];
  readonly windowSeconds: number;
  /** Paths of uploaded files on the host, by SHA-256. */
  readonly uploads: ReadonlyMap<string, string>;
  /** What a later `kvmnet undo` needs: kept first, beyond the window. */
  readonly kept?: Kept | undefined;
}

/**
 * The dead man's switch (DESIGN.md, section 7). Who wins between the timer and the confirmation is decided by one rename of the
 * file `armed`: whoever moves it away acts, the other finds it gone.
 */
export function armedScripts({ id, change, undo, windowSeconds, uploads, kept }: Armed): ArmedScripts {
  const folder = `/var/lib/kvmnet/confirm/${id}`;
  // What was uploaded goes with the connection: the change has its own copy.
  const copies = new Map([...uploads].map(([sha256]) => [sha256, `${folder}/upload-${sha256}`]));
  const context: CompileContext = { undoStore: kept?.store ?? `${folder}/store`, uploads: copies };
  const unit = `kvmnet-confirm-${id}`;
  const unitPath = `/etc/systemd/system/${unit}.service`;
  const wanted = `/etc/systemd/system/multi-user.target.wants/${unit}.service`;
  const path = 'export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const clean = `cd / && rm -rf ${folder}; rmdir /var/lib/kvmnet/confirm /var/lib/kvmnet 2>/dev/null || :`;
  const dropUnit = `rm -f ${wanted} ${unitPath}`;

  const undoScript = [
    '#!/bin/sh',
    '# Takes back a change of kvmnet that nobody has confirmed.',
    path,
    `cd ${folder} || exit 1`,
    // After a power cut in the middle of an undo it begins again.
    'if [ -e undoing ]; then :; else mv armed undoing 2>/dev/null || exit 0; fi',
    'exec >>log 2>&1',
    ...undo.map((step) => `( ${compileStep(step, context)}\n) || echo ${quote(`could not undo: ${describe(step)}`)}`),
    dropUnit,
    'mv undoing undone',
    '',
  ].join('\n');

  const changeScript = [
    '#!/bin/sh',
    path,
    `cd ${folder} || exit 1`,
    // Time for our answer to reach the controller before the link goes.
    'sleep 0.3 2>/dev/null || sleep 1',
    ...change.map(
      (step, index) =>
        `( ${compileStep(step, context)}\n) >out 2>err || { echo "${index} $?" >result.new; mv result.new result; exit 1; }`,
    ),
    'echo done >result.new; mv result.new result',
    '',
  ].join('\n');

  const unitText = [
    '# Written by kvmnet while a change waits for its confirmation.',
    '[Unit]',
    'Description=kvmnet: take back a change that nobody has confirmed',
    'After=network.target',
    '[Service]',
    'Type=oneshot',
    `ExecStart=/bin/sh ${folder}/undo.sh`,
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');

  const file = (name: string, text: string): string => `printf %s ${quote(text)} | cat >${folder}/${name} || exit 1`;
  const detached = (script: string): string =>
    `setsid sh -c ${quote(`(${script}) </dev/null >/dev/null 2>&1 &`)} </dev/null >/dev/null 2>&1`;

  return {
    arm: [
      'umask 077',
      ...(kept?.script === undefined ? [] : [`( ${kept.script}\n) || exit 1`]),
      `mkdir -p /var/lib/kvmnet/confirm && mkdir ${folder} || exit 1`,
      ...[...uploads].map(([sha256, path]) => `mv ${quote(path)} ${folder}/upload-${sha256} || exit 1`),
      file('undo.sh', undoScript),
      file('change.sh', changeScript),
      `: >${folder}/armed || exit 1`,
      'if [ -d /run/systemd/system ]; then',
      `  printf %s ${quote(unitText)} | cat >${unitPath} && chmod 0644 ${unitPath} && mkdir -p ${wanted.replace(/\/[^/]*$/, '')} && ln -sf ${unitPath} ${wanted} || exit 1`,
      // The default accuracy of a timer is a minute.
      `  systemd-run --quiet --collect --unit=${unit}-timer --on-active=${windowSeconds} --timer-property=AccuracySec=100ms /bin/sh ${folder}/undo.sh || exit 1`,
      `  systemd-run --quiet --collect --no-block --unit=${unit}-change /bin/sh ${folder}/change.sh || exit 1`,
      'else',
      `  ${detached(`sleep ${windowSeconds}; sh ${folder}/undo.sh`)}`,
      `  ${detached(`sh ${folder}/change.sh`)}`,
      'fi',
    ].join('\n'),
    outcome: [
      `cd ${folder} || exit 1`,
      `n=0; while [ ! -e result ] && [ -e armed ] && [ $n -lt ${windowSeconds * 5} ]; do n=$((n+1)); sleep 0.2 2>/dev/null || sleep 1; done`,
      'if [ -e result ]; then cat result; else echo none; fi; cat err >&2 2>/dev/null; :',
    ].join('\n'),
    disarm: [
      `cd ${folder} || exit 3`,
      'mv armed confirmed 2>/dev/null || exit 3',
      `if [ -d /run/systemd/system ]; then systemctl stop ${unit}-timer.timer 2>/dev/null; fi`,
      `${dropUnit}; ${clean}`,
    ].join('\n'),
    undo: `sh ${folder}/undo.sh; n=0; while [ ! -e ${folder}/undone ] && [ $n -lt 300 ]; do n=$((n+1)); sleep 0.2 2>/dev/null || sleep 1; done; [ -e ${folder}/undone ]`,
    aftermath: `[ -e ${folder}/undone ] || exit 3; cat ${folder}/log; if [ -d /run/systemd/system ]; then systemctl stop ${unit}-timer.timer 2>/dev/null; fi; ${dropUnit}; ${clean}`,
  };
}

const describe = (step: Step): string => {
  if (step.kind === 'exec') return step.argv.join(' ');
  return 'path' in step ? `${step.kind} ${step.path}` : step.kind;
};
