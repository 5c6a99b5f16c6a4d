import { z } from 'zod';
import { bool, ifname, splitWords } from '../../src/sdk/index.ts';

const text = (): z.ZodString => z.string().min(1);
/** A value, or `!` and a value. */
const negatable = () => text().describe('with ! in front: anything but this');

/** A rule in words of its own, after Ansible's module; each becomes one option of iptables, in this order. */
export const RuleObject = z.strictObject({
  protocol: negatable().optional(),
  source: negatable().optional(),
  destination: negatable().optional(),
  in_interface: negatable().optional(),
  out_interface: negatable().optional(),
  syn: bool().optional().describe('tcp: only packets that open a connection (no: only others)'),
  tcp_flags: text().optional().describe('tcp: mask and flags that are set, e.g. "SYN,RST SYN"'),
  source_port: z.union([z.int(), negatable()]).optional().describe('a port or a range, 1000:2000'),
  destination_port: z.union([z.int(), negatable()]).optional().describe('a port or a range, 1000:2000'),
  source_ports: z.array(z.union([z.int(), text()])).optional(),
  destination_ports: z.array(z.union([z.int(), text()])).optional(),
  icmp_type: negatable().optional(),
  ctstate: z
    .union([text(), z.array(text())])
    .optional()
    .describe('states of connection tracking'),
  mac_source: negatable().optional(),
  mark: negatable().optional(),
  limit: text().optional().describe('rate, e.g. 10/minute'),
  limit_burst: z.int().optional(),
  match: z.array(text()).optional().describe('further matches as iptables has them, e.g. "addrtype --dst-type LOCAL"'),
  comment: text().optional(),
  jump: text().optional().describe('target or chain'),
  goto: text().optional().describe('chain to go on in, without return'),
  reject_with: text().optional(),
  to_source: text().optional(),
  to_destination: text().optional(),
  to_ports: text().optional(),
  set_mark: text().optional(),
  log_prefix: text().optional(),
  log_level: text().optional(),
  clamp_mss_to_pmtu: bool().optional(),
});
export type RuleObject = z.output<typeof RuleObject>;

const negatables: ReadonlySet<keyof RuleObject> = new Set([
  'protocol',
  'source',
  'destination',
  'in_interface',
  'out_interface',
  'source_port',
  'destination_port',
  'icmp_type',
  'mac_source',
  'mark',
]);

// In the order in which iptables gets them; third, the match that has to be loaded first.
const options: readonly (readonly [keyof RuleObject, string, match?: string])[] = [
  ['protocol', '-p'],
  ['source', '-s'],
  ['destination', '-d'],
  ['in_interface', '-i'],
  ['out_interface', '-o'],
  ['source_port', '--sport'],
  ['destination_port', '--dport'],
  ['source_ports', '--sports', 'multiport'],
  ['destination_ports', '--dports', 'multiport'],
  ['icmp_type', '--icmp-type'],
  ['ctstate', '--ctstate', 'conntrack'],
  ['mac_source', '--mac-source', 'mac'],
  ['mark', '--mark', 'mark'],
  ['limit', '--limit', 'limit'],
  ['limit_burst', '--limit-burst', 'limit'],
  ['comment', '--comment', 'comment'],
  ['jump', '-j'],
  ['goto', '-g'],
  ['reject_with', '--reject-with'],
  ['to_source', '--to-source'],
  ['to_destination', '--to-destination'],
  ['to_ports', '--to-ports'],
  ['set_mark', '--set-mark'],
  ['log_prefix', '--log-prefix'],
  ['log_level', '--log-level'],
];

/** The words of a rule as iptables takes them, without `-A CHAIN`. */
export function ruleWords(rule: string | RuleObject, family: 4 | 6): readonly string[] {
  return typeof rule === 'string' ? splitWords(rule) : objectWords(rule, family);
}

function objectWords(rule: RuleObject, family: 4 | 6): readonly string[] {
  const words: string[] = [];
  const loaded = new Set<string>();
  for (const [key, option, match] of options) {
    if (key === 'comment') words.push(...matchWords(rule));
    const value = rule[key];
    if (value === undefined) continue;
    if (match !== undefined && !loaded.has(match)) {
      loaded.add(match);
      words.push('-m', match);
    }
    const flag = key === 'icmp_type' && family === 6 ? '--icmpv6-type' : option;
    const word = Array.isArray(value) ? value.join(',') : String(value);
    if (negatables.has(key) && word.startsWith('!')) words.push('!', flag, word.slice(1).trim());
    else words.push(flag, word);
    if (key === 'protocol') words.push(...flagWords(rule));
  }
  if (rule.clamp_mss_to_pmtu === true) words.push('--clamp-mss-to-pmtu');
  return words;
}

const flagWords = (rule: RuleObject): readonly string[] => [
  ...(rule.syn === undefined ? [] : rule.syn ? ['--syn'] : ['!', '--syn']),
  ...(rule.tcp_flags === undefined ? [] : ['--tcp-flags', ...rule.tcp_flags.trim().split(/\s+/)]),
];
const matchWords = (rule: RuleObject): readonly string[] =>
  (rule.match ?? []).flatMap((match) => ['-m', ...splitWords(match)]);

/** A rule as iptables-restore reads it. */
export const restoreText = (words: readonly string[]): string => words.map(restoreWord).join(' ');

function restoreWord(word: string): string {
  if (/^[A-Za-z0-9_./:,!+@%=-]+$/.test(word)) return word;
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}

const forbidden = new Map([
  ['-t', 'give it as table'],
  ['--table', 'give it as table'],
  ...['-A', '--append', '-I', '--insert', '-D', '--delete', '-R', '--replace', '-C', '--check'].map(
    (word): [string, string] => [word, 'give the chain as chain, and begin the rule behind it'],
  ),
  ...[
    '-F',
    '--flush',
    '-X',
    '--delete-chain',
    '-P',
    '--policy',
    '-N',
    '--new-chain',
    '-Z',
    '--zero',
    '-E',
    '-L',
    '-S',
  ].map((word): [string, string] => [word, 'a rule is a match and a target']),
  ['-c', 'counters are not kept'],
  ['--set-counters', 'counters are not kept'],
]);

/** Why words are no rule, or undefined. What only iptables knows is asked of it. */
export function ruleProblem(words: readonly string[]): string | undefined {
  if (words.length === 0) return 'a rule without match and target does nothing: leave it out';
  if (words.includes('')) return 'a rule has an empty word in it';
  const odd = words.find((word) => /[\n\r\0]/.test(word));
  if (odd !== undefined) return `${JSON.stringify(odd)} has a line break in it: a rule is one line`;
  // Behind the option of a comment or a prefix anything may stand.
  const free = (i: number): boolean =>
    ['--comment', '--log-prefix', '--nflog-prefix', '--string'].includes(words[i - 1] ?? '');
  for (const [i, word] of words.entries()) {
    const why = free(i) ? undefined : forbidden.get(word);
    if (why !== undefined) return `${word} does not belong into a rule: ${why}`;
    const value = words[i + 1] ?? '';
    if (/^(-s|-d|--source|--src|--destination|--dst)$/.test(word)) {
      const name = value.split(',').find((host) => !/^[0-9a-fA-F:.]+(\/[0-9a-fA-F:.]+)?$/.test(host));
      if (name !== undefined) {
        return `"${name}" is no address: iptables would look a name up once, so give the address`;
      }
    }
    if (/^(-i|-o|--in-interface|--out-interface)$/.test(word)) {
      const problem = ifname().safeParse(value.replace(/\+$/, '') || 'x').error?.issues[0]?.message;
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** The family that the addresses of a rule belong to; undefined where it has none. */
export function ruleFamily(words: readonly string[]): 4 | 6 | undefined {
  const at = words.findIndex((word) => /^(-s|-d|--source|--src|--destination|--dst)$/.test(word));
  const value = at === -1 ? undefined : words[at + 1];
  return value === undefined ? undefined : value.includes(':') ? 6 : 4;
}
