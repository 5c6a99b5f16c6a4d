import { z } from 'zod';
import { splitProblem } from '../../src/sdk/index.ts';
import { builtIn, chainProblem, isBuiltIn, ownChain, tables } from './chains.ts';
import { RuleObject, ruleFamily, ruleProblem, ruleWords } from './rule.ts';

const Rule = z.union([z.string(), RuleObject], {
  error: 'a rule is text as iptables takes it ("-s 10.0.0.0/8 -j ACCEPT") or a map of its options',
});
const chainName = (): z.ZodString =>
  z.string().superRefine((name, context) => {
    const problem = chainProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

export const Iptables = z
  .strictObject({
    table: z.enum(tables).default('filter').describe('table of the kernel'),
    family: z
      .enum(['ipv4', 'ipv6', 'both'])
      .default('ipv4')
      .describe('iptables, ip6tables, or both with the same rules'),
    chain: chainName().describe(
      'chain that the rules belong to, FORWARD say; it jumps to a chain of our own that holds them',
    ),
    name: chainName().optional().describe('tells several sets of rules for one chain apart; short, letters and digits'),
    policy: z
      .enum(['ACCEPT', 'DROP'])
      .optional()
      .describe('what happens to packets that no rule takes; built-in chains only'),
    rules: z
      .array(Rule)
      .optional()
      .describe('rules in this order, as text without "-A CHAIN" or as maps; ours alone, rules of others stay'),
    rule: Rule.optional().describe('short form of rules for one rule'),
    chains_owned: z
      .record(chainName(), z.array(Rule))
      .default({})
      .describe('further chains that are wholly ours, with their rules; what the rules can jump to'),
    position: z
      .enum(['first', 'last'])
      .default('last')
      .describe('whether our rules come before or behind those of others in the chain'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('absent: takes ours out and leaves the rest as it is'),
  })
  .superRefine((p, context) => {
    const complain = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (p.rule !== undefined && p.rules !== undefined) complain(['rule'], 'give rule or rules, not both');
    const own = ownChain(p.chain, p.name);
    const tooLong = chainProblem(own);
    if (tooLong !== undefined) complain(['chain'], `our chain would be ${own}: ${tooLong}`);
    if (p.policy !== undefined && !isBuiltIn(p.table, p.chain)) {
      const known = builtIn[p.table].join(', ');
      complain(['policy'], `only the built-in chains of ${p.table} have a policy: ${known}`);
    }
    if (p.state === 'absent') {
      if (p.policy !== undefined)
        complain(['policy'], 'a policy cannot be absent: give it in a task with state present');
      return;
    }
    if (rulesOf(p) === undefined && p.policy === undefined) complain(['rules'], 'give rules or a policy');
    if (p.chains_owned[own] !== undefined) complain(['chains_owned'], `${own} holds the rules: choose another name`);
    for (const name of Object.keys(p.chains_owned)) {
      if (isBuiltIn(p.table, name))
        complain(['chains_owned', name], `${name} is a chain of the kernel, it cannot be ours`);
    }
    const lists: [PropertyKey[], readonly (string | RuleObject)[]][] = [
      [['rules'], rulesOf(p) ?? []],
      ...Object.entries(p.chains_owned).map(([name, rules]): [PropertyKey[], readonly (string | RuleObject)[]] => [
        ['chains_owned', name],
        rules,
      ]),
    ];
    for (const [path, rules] of lists) {
      for (const [i, rule] of rules.entries()) {
        const problem = problemOf(rule, p.family);
        if (problem !== undefined) complain([...path, i], problem);
      }
    }
  });
export type Iptables = z.output<typeof Iptables>;

function problemOf(rule: string | RuleObject, family: Iptables['family']): string | undefined {
  if (typeof rule === 'string') {
    const split = splitProblem(rule);
    if (split !== undefined) return split;
  }
  const words = ruleWords(rule, 4);
  const problem = ruleProblem(words);
  if (problem !== undefined) return problem;
  const own = ruleFamily(words);
  if (own === undefined || family === `ipv${own}`) return undefined;
  return `an IPv${own} address does not fit family ${family}: put the rule into a task with family ipv${own}`;
}

/** The rules of our chain; undefined where nothing is said about them. */
export const rulesOf = (p: Pick<Iptables, 'rule' | 'rules'>): readonly (string | RuleObject)[] | undefined =>
  p.rules ?? (p.rule === undefined ? undefined : [p.rule]);

export const familiesOf = (p: Pick<Iptables, 'family'>): readonly (4 | 6)[] =>
  p.family === 'both' ? [4, 6] : [p.family === 'ipv6' ? 6 : 4];
