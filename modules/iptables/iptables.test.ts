import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { canonicalRules } from './canonical.ts';
import { iptables } from './index.ts';
import { restoreText, ruleWords, type RuleObject } from './rule.ts';
import { familySteps } from './steps.ts';

describe('parameters', () => {
  it.each(iptables.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(iptables.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{ chain: 'FORWARD' }, 'give rules or a policy'],
    [{ chain: 'a b', rules: [] }, '"a b" cannot be the name of a chain: use letters, digits, _ and -'],
    [{ chain: '-A', rules: [] }, '"-A" cannot be the name of a chain: use letters, digits, _ and -'],
    [
      { chain: 'A'.repeat(22), rules: [] },
      `our chain would be KVMNET-${'A'.repeat(22)}: "KVMNET-${'A'.repeat(22)}" has 29 characters, a chain's name at most 28: shorten it`,
    ],
    [{ chain: 'MINE', policy: 'DROP' }, 'only the built-in chains of filter have a policy: INPUT, FORWARD, OUTPUT'],
    [
      { chain: 'INPUT', policy: 'DROP', state: 'absent' },
      'a policy cannot be absent: give it in a task with state present',
    ],
    [
      { chain: 'INPUT', rules: ['-A INPUT -j DROP'] },
      '-A does not belong into a rule: give the chain as chain, and begin the rule behind it',
    ],
    [{ chain: 'INPUT', rules: ['-t nat -j ACCEPT'] }, '-t does not belong into a rule: give it as table'],
    [{ chain: 'INPUT', rules: [''] }, 'a rule without match and target does nothing: leave it out'],
    [
      { chain: 'INPUT', rules: ['-m comment --comment "a\nb" -j DROP'] },
      '"a\\nb" has a line break in it: a rule is one line',
    ],
    [
      { chain: 'INPUT', rules: ['-s example.com -j DROP'] },
      '"example.com" is no address: iptables would look a name up once, so give the address',
    ],
    [
      { chain: 'INPUT', rules: ['-i much-too-long-a-name -j DROP'] },
      '"much-too-long-a-name" has 20 bytes, an interface name has at most 15: shorten it',
    ],
    [
      { chain: 'INPUT', family: 'both', rules: ['-s 10.0.0.1 -j DROP'] },
      'an IPv4 address does not fit family both: put the rule into a task with family ipv4',
    ],
    [
      { chain: 'INPUT', family: 'ipv6', rules: [{ source: '10.0.0.1' }] },
      'an IPv4 address does not fit family ipv6: put the rule into a task with family ipv4',
    ],
    [
      { chain: 'INPUT', rules: [5] },
      'a rule is text as iptables takes it ("-s 10.0.0.0/8 -j ACCEPT") or a map of its options',
    ],
    [
      { chain: 'INPUT', rules: ['-j X'], chains_owned: { INPUT: [] } },
      'INPUT is a chain of the kernel, it cannot be ours',
    ],
  ])('refuses %j', (params, message) => {
    expect(messageOf(iptables.params, params)).toBe(message);
  });
});

// What the program printed for each rule; a test in the sandbox asks it again.
const printed = JSON.parse(readFileSync(new URL('cases/printed.json', import.meta.url), 'utf8')) as readonly [
  4 | 6,
  string,
  string,
  string[],
][];

describe('rules', () => {
  it.each<[RuleObject, string]>([
    [{ in_interface: 'eth1', out_interface: '!eth0', jump: 'ACCEPT' }, '-i eth1 ! -o eth0 -j ACCEPT'],
    [
      { protocol: 'tcp', destination_ports: [22, '80', '8000:8010'], syn: true, comment: 'a b', jump: 'ACCEPT' },
      '-p tcp --syn -m multiport --dports 22,80,8000:8010 -m comment --comment "a b" -j ACCEPT',
    ],
    [
      { ctstate: ['NEW', 'RELATED'], limit: '10/min', limit_burst: 9, jump: 'LOG', log_prefix: 'x: ' },
      '-m conntrack --ctstate NEW,RELATED -m limit --limit 10/min --limit-burst 9 -j LOG --log-prefix "x: "',
    ],
    [
      { protocol: 'tcp', destination_port: 80, jump: 'DNAT', to_destination: '10.0.0.5:8080' },
      '-p tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080',
    ],
    [{ match: ['addrtype --dst-type LOCAL'], goto: 'K' }, '-m addrtype --dst-type LOCAL -g K'],
  ])('%j', (rule, text) => {
    expect(restoreText(ruleWords(rule, 4))).toBe(text);
  });
  it('keep free text unharmed', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !/[\n\r\0]/.test(value));
    fc.assert(
      fc.property(line, (comment) => {
        const text = restoreText(ruleWords({ comment, jump: 'ACCEPT' }, 4));
        // As iptables-restore reads it: a backslash escapes inside of double quotes.
        const quoted = /--comment (?:"((?:[^"\\]|\\.)*)"|(\S+)) -j/su.exec(text);
        expect(quoted?.[1]?.replace(/\\(.)/gsu, '$1') ?? quoted?.[2]).toBe(comment);
      }),
    );
  });
  it.each(printed)('IPv%i %s: %s is printed as iptables 1.8.9 does', (family, _table, rule, lines) => {
    expect(canonicalRules(ruleWords(rule, family), family)).toEqual(lines);
    // What has been printed is printed so again.
    for (const line of lines) expect(canonicalRules(ruleWords(line, family), family)).toEqual([line]);
  });
  it('have fixed points in code', () => {
    for (const rule of ['-p tcp --dport http -j REJECT', '-s 10.0.0.9/8 -m limit --limit 60/minute -j LOG']) {
      const [once = ''] = canonicalRules(ruleWords(rule, 4), 4);
      expect(canonicalRules(ruleWords(once, 4), 4)).toEqual([once]);
    }
    expect(canonicalRules(ruleWords('-p icmpv6 --icmpv6-type echo-request -j REJECT', 6), 6)).toEqual([
      '-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT --reject-with icmp6-port-unreachable',
    ]);
  });
});

describe('steps', () => {
  const p = iptables.params.parse({ chain: 'FORWARD', rules: [] });
  const lines = (...[from, to]: [Parameters<typeof familySteps>[2], Parameters<typeof familySteps>[3]]) =>
    familySteps(p, 4, from, to).map((step) => (step.kind === 'snippet' ? [step.args.at(-1), step.stdin] : []));
  const jump = ['-I FORWARD 2 -j KVMNET-FORWARD'];
  const state = { rules: ['-j DROP'], jump, policy: null, chains: {} };
  it.each([
    ['nothing', state, state, []],
    [
      'new',
      null,
      state,
      [['yes', ':KVMNET-FORWARD - [0:0]\n-A KVMNET-FORWARD -j DROP\n-I FORWARD 2 -j KVMNET-FORWARD']],
    ],
    ['gone', state, null, [['yes', ':KVMNET-FORWARD - [0:0]\n-X KVMNET-FORWARD']]],
    ['rules', state, { ...state, rules: [] }, [['', ':KVMNET-FORWARD - [0:0]']]],
    [
      'jump',
      state,
      { ...state, jump: ['-I FORWARD 1 -j KVMNET-FORWARD'] },
      [['yes', '-I FORWARD 1 -j KVMNET-FORWARD']],
    ],
    ['no jump', state, { ...state, jump: [] }, [['yes', '']]],
    ['policy', { ...state, policy: 'ACCEPT' }, { ...state, policy: 'DROP' }, [['', ':FORWARD DROP [0:0]']]],
    ['chain', state, { ...state, chains: { T: ['-j DROP'] } }, [['', ':T - [0:0]\n-A T -j DROP']]],
    ['no chain', { ...state, chains: { T: [] } }, { ...state, chains: { T: null } }, [['', ':T - [0:0]\n-X T']]],
  ])('%s', (_name, from, to, expected) => {
    expect(lines(from, to)).toEqual(expected);
  });
  it('say what they pass over, and come back before the network', () => {
    expect(iptables.touches?.(null, { ipv4: state }, p)).toEqual({
      chains: ['filter/FORWARD'],
      families: [4],
    });
    expect(iptables.boot?.(p)).toMatchObject({ id: 'filter-ipv4-FORWARD', before: ['network-pre.target'] });
    // Said of what should be gone as well: that takes the unit away.
    expect(iptables.boot?.(iptables.params.parse({ chain: 'FORWARD', state: 'absent' }))?.id).toBe(
      'filter-ipv4-FORWARD',
    );
  });
});
