import { sh, snippet, type Step } from '../../src/sdk/index.ts';
import { ownChain } from './chains.ts';
import type { Iptables } from './params.ts';
import type { FamilyState } from './read.ts';

// All of it in one transaction of iptables: nobody sees half of it. The jumps to us are looked for at that moment, so that
// it works from any state. "$1" tool, "$2" table, "$3" chain, "$4" ours, "$5" yes where jumps are set anew.
const restore = sh`lines=$(cat)
{
  echo "*$2"
  if [ "$5" = yes ]; then
    "$1-save" -t "$2" 2>/dev/null | while IFS= read -r line; do
      case $line in "-A $3 -j $4") echo "-D $3 -j $4";; esac
    done
  fi
  printf '%s\n' "$lines" COMMIT
} | "$1-restore" --noflush -w 10`;

/** The way of one family from any state to any other. */
export function familySteps(
  p: Iptables,
  family: 4 | 6,
  from: Partial<FamilyState> | null,
  to: Partial<FamilyState> | null,
): readonly Step[] {
  const own = ownChain(p.chain, p.name);
  const lines = to === null ? takeOut(own, from) : putIn(p, own, from ?? {}, to);
  const anew = to === null || !same(from?.jump ?? [], to.jump ?? from?.jump ?? []);
  if (lines.length === 0 && !anew) return [];
  const tool = family === 4 ? 'iptables' : 'ip6tables';
  return [snippet(restore, [tool, p.table, p.chain, own, anew ? 'yes' : ''], { stdin: lines.join('\n') })];
}

// Announcing a chain makes it or empties it: so it can be removed whether it was there or not.
function takeOut(own: string, from: Partial<FamilyState> | null): readonly string[] {
  const chains = [...Object.keys(from?.chains ?? {}), own];
  return [...chains.map((name) => `:${name} - [0:0]`), ...chains.map((name) => `-X ${name}`)];
}

function putIn(p: Iptables, own: string, from: Partial<FamilyState>, to: Partial<FamilyState>): readonly string[] {
  const changed = Object.entries(to.chains ?? {}).filter(([name, rules]) => !same(from.chains?.[name] ?? null, rules));
  if (to.rules !== undefined && !same(from.rules ?? null, to.rules)) changed.push([own, to.rules]);
  const chains = changed.map(([name]) => `:${name} - [0:0]`);
  const rules = changed.flatMap(([name, list]) => (list ?? []).map((rule) => `-A ${name} ${rule}`.trimEnd()));
  const jump = to.jump ?? from.jump ?? [];
  const jumps = same(from.jump ?? [], jump) ? [] : jump;
  const gone = changed.flatMap(([name, list]) => (list === null ? [`-X ${name}`] : []));
  const { policy } = to;
  const policies =
    policy === undefined || policy === null || policy === from.policy ? [] : [`:${p.chain} ${policy} [0:0]`];
  return [...chains, ...rules, ...jumps, ...gone, ...policies];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
