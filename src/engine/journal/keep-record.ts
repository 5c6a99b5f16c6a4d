import { undoFolder, type UndoRun } from '../../sdk/compile.ts';
import { quoteAll } from '../../sdk/quote.ts';
import { sh } from '../../sdk/script.ts';
import type { UndoKeep } from './journal.ts';
import { dayOfRuns } from './run-id.ts';
import type { SealedRecord } from './undo-record.ts';

/** Kibibytes that all runs together may take on a host before the oldest ones go. */
const maxStore = 256 * 1024;

export const recordFile = (change: number): string => `change-${change}`;

/**
 * Sh that keeps a record on the host, on its disk, ahead of the change. The first one of a run takes away runs that are too old, too
 * many or too big; their age is told by their ids, so that no clock of a host counts.
 */
export function keepScript({ run }: UndoRun, change: number, record: SealedRecord, keep: UndoKeep): string {
  const limits = [String(keep.runs), dayOfRuns(keep.days), String(maxStore)];
  return `${undoFolder}set -- "$u" ${quoteAll([run, recordFile(change), record.text, ...limits])}; { ${keepRecord}\n}`;
}

// "$1" folder of all runs, "$2" run, "$3" file, "$4" record, "$5" runs to keep, "$6" day before which they go, "$7" KiB.
// Names sort by time, and so does `*`.
const keepRecord = sh`umask 077
if [ ! -d "$1/$2" ]; then
  mkdir -p -- "$1" && { mkdir -- "$1/$2" 2>/dev/null || [ -d "$1/$2" ]; } || exit 1
  n=0; for d in "$1"/[0-9]*-*/; do n=$((n+1)); done
  for d in "$1"/[0-9]*-*/; do
    d=\${d%/}; b=\${d##*/}
    if [ "$b" = "$2" ]; then continue; fi
    if [ $n -gt "$5" ] || [ "\${b%%-*}" -lt "$6" ]; then rm -rf -- "$d"; n=$((n-1)); continue; fi
    s=$(du -sk -- "$1") || break; if [ "\${s%%[!0-9]*}" -le "$7" ]; then break; fi
    rm -rf -- "$d"; n=$((n-1))
  done
fi
printf %s "$4" >"$1/$2/$3" && { sync -- "$1/$2/$3" "$1/$2" 2>/dev/null || sync; }`;
