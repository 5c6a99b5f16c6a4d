import { isDeepStrictEqual } from 'node:util';
import { sh } from '../script.ts';
import { exec, snippet, type Step } from '../step.ts';
import { isMap, type OvsColumn, type OvsColumns, type OvsTable } from './columns.ts';

/** One command of ovs-vsctl, as words: options first. */
export type OvsCommand = readonly string[];

/** Text as OVSDB reads it whatever is in it: a JSON string. */
const quoted = (text: string): string => JSON.stringify(text);
type OvsAtom = string | number | boolean;
const atom = (value: OvsAtom): string => (typeof value === 'string' ? quoted(value) : String(value));

/** Columns that refer to other rows: identifiers, not text. */
const references = new Set(['qos']);

/**
 * What brings the columns of a row from one form to another. A column that `to` does not have is left alone; a map is
 * changed key by key, as others may write into it at the same time.
 */
export function changeColumns(
  table: OvsTable | 'Open_vSwitch',
  record: string,
  from: OvsColumns,
  to: OvsColumns,
): readonly OvsCommand[] {
  const sets: string[] = [];
  const commands: OvsCommand[] = [];
  for (const [column, value] of Object.entries(to)) {
    const old = from[column] ?? null;
    if (isDeepStrictEqual(old, value)) continue;
    if (isMap(value)) {
      const before = isMap(old) ? old : {};
      const gone = Object.keys(before).filter((key) => before[key] !== null && (value[key] ?? null) === null);
      if (gone.length > 0) commands.push(['remove', table, record, column, ...gone.map(quoted)]);
      for (const [key, item] of Object.entries(value)) {
        if (item !== null && item !== before[key]) sets.push(`${column}:${quoted(key)}=${quoted(item)}`);
      }
    } else if (value === null || (isList(value) && value.length === 0)) {
      if (old !== null && !(isList(old) && old.length === 0)) commands.push(['clear', table, record, column]);
    } else {
      sets.push(`${column}=${format(column, value)}`);
    }
  }
  return sets.length === 0 ? commands : [...commands, ['set', table, record, ...sets]];
}

function format(column: string, value: OvsAtom | readonly OvsAtom[]): string {
  if (typeof value === 'object') return `[${value.map(atom).join(',')}]`;
  return references.has(column) ? String(value) : atom(value);
}

/** `column=value` words that make a new row, for `create`. */
export const createColumns = (columns: OvsColumns): readonly string[] =>
  Object.entries(columns).flatMap(([column, value]) => {
    if (value === null || (isList(value) && value.length === 0)) return [];
    if (!isMap(value)) return [`${column}=${format(column, value)}`];
    const pairs = Object.entries(value).flatMap(([key, item]) =>
      item === null ? [] : [`${quoted(key)}=${quoted(item)}`],
    );
    return pairs.length === 0 ? [] : [`${column}={${pairs.join(',')}}`];
  });

const isList = (value: OvsColumn | readonly OvsAtom[]): value is readonly (string | number)[] => Array.isArray(value);
const words = (commands: readonly OvsCommand[]): readonly string[] =>
  commands.flatMap((command, i) => (i === 0 ? command : ['--', ...command]));

/**
 * One transaction: all of it or nothing. ovs-vsctl waits until ovs-vswitchd has acted on it; where that does not come (142
 * is SIGALRM) the database has the change all the same, and what was read afterwards tells.
 */
export const ovsTransaction = (commands: readonly OvsCommand[]): readonly Step[] =>
  commands.length === 0 ? [] : [exec(['ovs-vsctl', '--timeout=30', '--', ...words(commands)], { ok: [0, 142] })];

/**
 * ovs-vsctl ends well although ovs-vswitchd could not set an interface up, and the row stays. This looks, says why, and
 * takes the change back.
 */
export const checkInterfaces = (names: readonly string[], back: readonly OvsCommand[]): readonly Step[] =>
  names.length === 0 ? [] : [snippet(checkScript, [String(names.length), ...names, ...words(back)])];

// A patch port whose peer is made after it has an error too. No number without an error means that the bridge itself could
// not be made; before ovs-vswitchd has acted (cur_cfg) it means nothing.
const checkScript = sh`n=$1 bad=; shift
while [ "$n" -gt 0 ]; do
  o=$(ovs-vsctl --timeout=10 get Open_vSwitch . cur_cfg next_cfg -- --if-exists get Interface "$1" error ofport) || exit
  { read -r cur; read -r next; read -r e; read -r p; } <<END
$o
END
  case $e in
    *'No usable peer'*) e= ;;
    '[]')
      e=; if [ "$p" = -1 ] || { [ "$p" = '[]' ] && [ "$cur" = "$next" ]; }; then e='see the log of ovs-vswitchd'; fi ;;
  esac
  if [ -n "$e" ]; then printf 'Open vSwitch cannot set up %s: %s\n' "$1" "$e" >&2; bad=1; fi
  shift; n=$((n-1))
done
[ -n "$bad" ] || exit 0
if [ "$#" -gt 0 ]; then ovs-vsctl --timeout=30 -- "$@" >/dev/null 2>&1; fi
exit 1`;
