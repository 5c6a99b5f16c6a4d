import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
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
    [{ chain: 'INPUT', rule: '-j DROP', rules: [] }, 'give rule or rules, not both'],
    [
      { chain: 'INPUT', rules: [], chains_owned: { 'KVMNET-INPUT': [] } },
      'KVMNET-INPUT holds the rules: choose another name',
    ],
    [
      { chain: 'INPUT', rule: '-m comment --comment "a' },
      'a " is not closed in: -m comment --comment "a (close it, or give the words as a list: argv)',
    ],
    [{ chain: 'INPUT', rule: '-s "" -j DROP' }, 'a rule has an empty word in it'],
    [
      { chain: 'INPUT', rule: '-d fd00::/8 -j DROP' },
      'an IPv6 address does not fit family ipv4: put the rule into a task with family ipv6',
    ],
    // Any interface.
    [{ chain: 'INPUT', rule: '-i + -j DROP' }, undefined],
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
    [
      { protocol: 'tcp', tcp_flags: ' SYN,RST  SYN ', jump: 'TCPMSS', clamp_mss_to_pmtu: true },
      '-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
    ],
    [{ protocol: 'tcp', syn: false, jump: 'DROP', clamp_mss_to_pmtu: false }, '-p tcp ! --syn -j DROP'],
    [{ protocol: 'icmp', icmp_type: '!ping', jump: 'DROP' }, '-p icmp ! --icmp-type ping -j DROP'],
  ])('%j', (rule, text) => {
    expect(restoreText(ruleWords(rule, 4))).toBe(text);
  });
  it('have another word for the types of ICMPv6', () => {
    expect(restoreText(ruleWords({ protocol: 'icmpv6', icmp_type: 'ping', jump: 'DROP' }, 6))).toBe(
      '-p icmpv6 --icmpv6-type ping -j DROP',
    );
  });
  it.each<[4 | 6, string, string]>([
    [4, '-p tcp --dport nfs -j ACCEPT', '-p tcp -m tcp --dport nfs -j ACCEPT'],
    [4, '-j SNAT --to 10.0.0.1', '-j SNAT --to-source 10.0.0.1'],
    [4, '-p tcp -j DNAT --to 10.0.0.1:80', '-p tcp -j DNAT --to-destination 10.0.0.1:80'],
    [4, '-p tcp -j REDIRECT --to 8080', '-p tcp -j REDIRECT --to-ports 8080'],
    [4, '-j LOG --log-level warn', '-j LOG'],
    [4, '-j LOG --log-level notice', '-j LOG --log-level 5'],
    [4, '-m limit --limit 5/fortnight -j LOG', '-m limit --limit 5/fortnight -j LOG'],
    [4, '-m limit --limit 1.5/sec -j LOG', '-m limit --limit 1.5/sec -j LOG'],
    [4, '-m limit --limit 1/day -j LOG', '-m limit --limit 1/day -j LOG'],
    // Not known here: left as it is.
    [6, '-p mh --mh-type 1 -j DROP', '-p mh --mh-type 1 -j DROP'],
    [6, '-p icmpv6 -m icmpv6 --icmpv6-type ping -j ACCEPT', '-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT'],
    [4, '-m comment --comment "-j x" -j DROP', '-m comment --comment "-j x" -j DROP'],
  ])('of IPv%i: %s becomes %s', (family, rule, printedAs) => {
    expect(canonicalRules(ruleWords(rule, family), family)).toEqual([printedAs]);
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
    ['only a policy', null, { policy: 'DROP' }, [['', ':FORWARD DROP [0:0]']]],
    [
      'a policy alone, then rules',
      { policy: 'DROP' },
      { ...state, rules: [], jump: [] },
      [['', ':KVMNET-FORWARD - [0:0]']],
    ],
    ['another policy alone', { policy: 'ACCEPT' }, { policy: 'DROP' }, [['', ':FORWARD DROP [0:0]']]],
    ['a policy beside a jump', state, { policy: 'DROP' }, [['', ':FORWARD DROP [0:0]']]],
    ['a lone jump', { jump }, null, [['yes', ':KVMNET-FORWARD - [0:0]\n-X KVMNET-FORWARD']]],
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

describe('a host', () => {
  const saved = (...more: string[]) => [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...more,
    'COMMIT',
    '',
  ];
  it('has rules of IPv6 alone', () => {
    const tried = ['#kvmnet tried', '#kvmnet loaded', ...saved(':KVMNET-FORWARD - [0:0]', '-A KVMNET-FORWARD -j DROP')];
    const said = replay(
      iptables,
      { params: { chain: 'FORWARD', family: 'ipv6', rule: '-j DROP' } },
      { ipv6: { stdout: [...saved(), ...tried] } },
    );
    expect(said).toMatchObject({
      state: null,
      changes: [
        'state: "absent" -> "present"',
        'ipv6.chains: null -> {}',
        'ipv6.rules: null -> ["-j DROP"]',
        'ipv6.jump: null -> ["-I FORWARD 1 -j KVMNET-FORWARD"]',
      ],
      touches: { chains: ['filter/FORWARD'], families: [6] },
      boot: [
        'filter-ipv6-FORWARD with multi-user.target, before network-pre.target, after netfilter-persistent.service, after iptables.service, after ip6tables.service',
        'sh "lines=$(cat)" ip6tables filter FORWARD KVMNET-FORWARD yes < ":KVMNET-FORWARD - [0:0]\\n-A KVMNET-FORWARD -j DROP\\n-A FORWARD -j KVMNET-FORWARD"',
      ],
    });
  });
  it('gets a policy, and no chain of ours', () => {
    const said = replay(iptables, { params: { chain: 'INPUT', policy: 'DROP' } }, { ipv4: { stdout: saved() } });
    expect(said).toMatchObject({
      state: { ipv4: { rules: null, jump: [], policy: 'ACCEPT', chains: {} } },
      changes: ['ipv4.policy: "ACCEPT" -> "DROP"'],
    });
    expect(said.boot?.[1]).toMatch(/iptables filter INPUT KVMNET-INPUT "" < ":INPUT DROP \[0:0\]"$/);
  });
  it('is warned of two backends, and of what is not forwarded', () => {
    const params = { table: 'nat', chain: 'POSTROUTING', family: 'both', rules: [] };
    const nat = ['*nat', ':POSTROUTING ACCEPT [0:0]', 'COMMIT', ''];
    const outputs = {
      ipv4: { stdout: [...nat, '#kvmnet tested', '#kvmnet passed', ''] },
      ipv6: {
        stdout: [...nat, '#kvmnet tested', '#kvmnet passed', ''],
        stderr: ['# Warning: ip6tables-legacy tables present, use ip6tables-legacy-save to see them'],
      },
    };
    const warnings = (around: string[]) =>
      replay(iptables, { params }, { ...outputs, around: { stdout: around } }).warnings;
    const both = 'this host has rules of iptables-legacy and of iptables-nft: a packet passes through both';
    const forward = (key: string) => `${key} is 0: nothing is forwarded that could be translated; set it with sysctl`;
    expect(warnings(['forward4=0', 'forward6=1'])).toEqual([both, forward('net.ipv4.ip_forward')]);
    expect(warnings(['forward4=1', 'forward6=0'])).toEqual([both, forward('net.ipv6.conf.all.forwarding')]);
  });
});
