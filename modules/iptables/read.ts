import {
  missing,
  noProbe,
  parseIptablesSave,
  probeScript,
  sh,
  toolText,
  type Probe,
  type ProbeOutput,
  type SavedChain,
} from '../../src/sdk/index.ts';
import { jumpAt, ownChain, targets } from './chains.ts';
import { familiesOf, rulesOf, type Iptables } from './params.ts';
import { canonicalRules } from './canonical.ts';
import { restoreText, ruleWords } from './rule.ts';

/** What one family has of ours. */
export type FamilyState = {
  /** In the form of iptables-save; null: our chain does not exist. */
  rules: string[] | null;
  /** The rules by which the chain jumps to ours, `-I FORWARD 2 -j KVMNET-FORWARD`; empty: it never does. */
  jump: string[];
  /** Null: the chain has none. */
  policy: string | null;
  chains: { [name: string]: string[] | null };
};

/** What was read of one family. */
export interface FamilySeen {
  /** Chains of the table as they are; the table of an old kernel or an unused one may be empty. */
  readonly chains: ReadonlyMap<string, SavedChain>;
  /** What we want, in the form of iptables-save, by chain; undefined where it is no rule to iptables, see `error`. */
  readonly wanted: ReadonlyMap<string, readonly string[]>;
  /** What iptables says to the rules that are wanted. */
  readonly error: string | undefined;
  /** The other backend of iptables has rules too. */
  readonly otherBackend: boolean;
}

// What is wanted is loaded in a network namespace that lives as long as this line, and saved again: only iptables itself
// knows how it will print a rule. Chains that stand on the host are announced there, so that rules can jump to them.
// Where namespaces are not to be had, or a rule speaks of what only the host has (an ipset), it is tested in place.
const script = sh`command -v "$1-save" >/dev/null || exit 127
want=$(cat)
"$1-save" -t "$2" || exit
[ -n "$want" ] || exit 0
text=$(echo "*$2"; "$1-save" -t "$2" 2>/dev/null | grep '^:[^ ]* - '; printf '%s\n' "$want" COMMIT)
tried=$(printf '%s\n' "$text" | unshare -n sh -c '
  "$1-restore" --noflush 2>&1 && echo "#kvmnet loaded" && "$1-save" -t "$2"' sh "$1" "$2" 2>/dev/null)
case $tried in
  *"#kvmnet loaded"*) printf '\n#kvmnet tried\n%s\n' "$tried";;
  *) printf '\n#kvmnet tested\n'; printf '%s\n' "$text" | "$1-restore" --noflush --test 2>&1 && echo "#kvmnet passed";;
esac
exit 0`;

/** Reads one family of the table, and asks iptables what our rules look like. */
export function familyProbe(p: Iptables, family: 4 | 6): Probe<FamilySeen | undefined> {
  if (!familiesOf(p).includes(family)) return noProbe<FamilySeen | undefined>(undefined);
  const tool = family === 4 ? 'iptables' : 'ip6tables';
  const lists = p.state === 'absent' ? [] : wantedWords(p, family);
  const stdin = lists
    .flatMap(({ chain, rules }) => [`:${chain} - [0:0]`, ...rules.map((words) => `-A ${chain} ${restoreText(words)}`)])
    .join('\n');
  return probeScript(script, [tool, p.table], (output) => readFamily(output, tool, p.table, lists, family), { stdin });
}

interface WantedList {
  readonly chain: string;
  readonly rules: readonly (readonly string[])[];
}

function wantedWords(p: Iptables, family: 4 | 6): readonly WantedList[] {
  const lists = Object.entries(p.chains_owned);
  const rules = rulesOf(p);
  if (rules !== undefined) lists.push([ownChain(p.chain, p.name), [...rules]]);
  return lists.map(([chain, list]) => ({ chain, rules: list.map((rule) => ruleWords(rule, family)) }));
}

function readFamily(
  output: ProbeOutput,
  tool: string,
  table: string,
  lists: readonly WantedList[],
  family: 4 | 6,
): FamilySeen {
  if (output.code === 127) throw missing(`${tool} is not installed`, 'install it: package: { name: iptables }');
  const [saved = '', how = '', answer = ''] = toolText(output, `${tool}-save -t ${table}`).split(
    /^#kvmnet (tried|tested)$/m,
  );
  const chains = parseIptablesSave(saved).get(table) ?? new Map<string, SavedChain>();
  const otherBackend = output.stderr.includes('tables present, use');
  const base = { chains, otherBackend };
  if (lists.length === 0) return { ...base, wanted: new Map(), error: undefined };
  if (how === 'tried') {
    const loaded = parseIptablesSave(answer.slice(answer.indexOf('\n', answer.indexOf('#kvmnet loaded')))).get(table);
    const wanted = new Map(lists.map(({ chain }) => [chain, loaded?.get(chain)?.rules ?? []]));
    return { ...base, wanted, error: undefined };
  }
  const error = answer.includes('#kvmnet passed') ? unknownTarget(lists, chains) : errorOf(answer);
  if (error !== undefined) return { ...base, wanted: new Map(), error };
  const wanted = new Map(
    lists.map(({ chain, rules }) => [chain, rules.flatMap((words) => canonicalRules(words, family))]),
  );
  return { ...base, wanted, error: undefined };
}

// With nftables, a test in place does not look at targets.
function unknownTarget(lists: readonly WantedList[], chains: ReadonlyMap<string, SavedChain>): string | undefined {
  const known = (name: string): boolean =>
    targets.has(name) || chains.has(name) || lists.some(({ chain }) => chain === name);
  const named = lists.flatMap(({ rules }) =>
    rules.flatMap((words) => words.filter((_, i) => /^(-j|-g|--jump|--goto)$/.test(words[i - 1] ?? ''))),
  );
  const unknown = named.find((name) => !known(name));
  return unknown === undefined ? undefined : `there is no target and no chain ${unknown}`;
}

const errorOf = (answer: string): string =>
  answer
    .split('\n')
    .map((line) => line.replace(/^ip6?tables-restore v\S+ \(\w+\): /, '').trim())
    .filter((line) => line !== '' && !/^(Error occurred at|Try )/.test(line))
    .join('; ');

/** What one family has of ours; null where nothing is. */
export function readState(p: Iptables, seen: FamilySeen): FamilyState | null {
  const own = ownChain(p.chain, p.name);
  const rules = seen.chains.get(own)?.rules;
  const chain = seen.chains.get(p.chain);
  const jump: string[] = [];
  let others = 0;
  for (const rule of chain?.rules ?? []) {
    if (rule === `-j ${own}`) jump.push(jumpAt(p, others + 1));
    else others += 1;
  }
  const names = Object.keys(p.chains_owned).toSorted();
  const chains = Object.fromEntries(names.map((name) => [name, listOf(seen.chains.get(name)?.rules)]));
  const policy = p.policy === undefined ? null : (chain?.policy ?? 'ACCEPT');
  const nothing = rules === undefined && jump.length === 0 && Object.values(chains).every((list) => list === null);
  if (nothing && p.policy === undefined) return null;
  return { rules: listOf(rules), jump, policy, chains };
}

const listOf = (rules: readonly string[] | undefined): string[] | null => (rules === undefined ? null : [...rules]);
