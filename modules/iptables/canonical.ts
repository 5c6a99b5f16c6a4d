import { parseMac, parseNetwork } from '../../src/sdk/index.ts';
import {
  ctstates,
  icmp6Types,
  icmpTypes,
  implicit,
  logLevels,
  logOptions,
  long,
  protocols,
  services,
} from './names.ts';
import { restoreText } from './rule.ts';

/**
 * Rules as iptables-save would print them, for hosts where iptables cannot be asked in a namespace of its own. Knows what
 * is usual; a test compares it with the program. What it does not know it leaves as it is.
 */
export function canonicalRules(words: readonly string[], family: 4 | 6): readonly string[] {
  const rule = readRule(words, family);
  const spread = (key: 'source' | 'destination'): readonly (string | undefined)[] =>
    rule[key]?.value.split(',') ?? [undefined];
  // Lists of addresses become rules of their own, the sources outside.
  return spread('source').flatMap((source) =>
    spread('destination').map((destination) => {
      const head = [
        ...address('-s', rule.source?.not, source),
        ...address('-d', rule.destination?.not, destination),
        ...rule.head,
      ];
      return restoreText([...head, ...rule.matches.flat(), ...rule.target]);
    }),
  );
}

interface Rule {
  source?: { readonly not: boolean; readonly value: string };
  destination?: { readonly not: boolean; readonly value: string };
  head: string[];
  matches: string[][];
  target: string[];
}

const address = (option: string, not: boolean | undefined, value: string | undefined): readonly string[] => {
  if (value === undefined) return [];
  const network = parseNetwork(/^\d+\/\d+$/.test(value) ? value.replace('/', '.0.0.0/') : value);
  if (network.endsWith('/0') && not !== true) return [];
  return [...(not === true ? ['!'] : []), option, network];
};

function readRule(words: readonly string[], family: 4 | 6): Rule {
  const rule: Rule = { head: [], matches: [], target: [] };
  const head = new Map<string, readonly string[]>();
  let protocol = '';
  let not = false;
  for (let i = 0; i < words.length; i++) {
    const [given = '', value = ''] = words.slice(i, i + 2);
    const word = long.get(given) ?? given;
    if (word === '!') {
      not = true;
      continue;
    }
    const bang = not ? ['!'] : [];
    if (word === '-s') rule.source = { not, value };
    else if (word === '-d') rule.destination = { not, value };
    else if (word === '-p') {
      protocol = protocols.get(value.toLowerCase()) ?? value.toLowerCase();
      if (protocol !== 'all' && protocol !== '0') head.set('-p', [...bang, '-p', protocol]);
    } else if (word === '-i' || word === '-o') head.set(word, [...bang, word, value]);
    else if (word === '-f') {
      head.set('-f', [...bang, '-f']);
      i -= 1;
    } else if (word === '-m') rule.matches.push(['-m', value]);
    else if (word === '-j' || word === '-g') {
      rule.target.push(word, value);
    } else {
      const values = valuesOf(words, i);
      const into = rule.target.length > 0 ? rule.target : matchFor(rule, word, protocol);
      into.push(...bang, ...optionWords(word, values, rule.target[1]));
      i += values.length - 1;
    }
    not = false;
    i += 1;
  }
  rule.head.push(...['-i', '-o', '-p', '-f'].flatMap((key) => head.get(key) ?? []));
  finishTarget(rule.target, family);
  rule.matches = rule.matches.map(finishMatch);
  return rule;
}

// Whatever stands up to the next option; `-` of a value such as a range is none.
function valuesOf(words: readonly string[], at: number): readonly string[] {
  const [option = '', ...rest] = words.slice(at);
  const text = ['--comment', '--log-prefix', '--nflog-prefix', '--string'].includes(option);
  const end = rest.findIndex((word, i) => !(text && i === 0) && (word === '!' || /^--?[a-z]/i.test(word)));
  return end === -1 ? rest : rest.slice(0, end);
}

function matchFor(rule: Rule, option: string, protocol: string): string[] {
  const name = option === '--icmpv6-type' ? 'icmp6' : protocol;
  if (implicit.has(option) && !rule.matches.some(([, match]) => match === name || match === 'icmpv6')) {
    rule.matches.push(['-m', name]);
  }
  const last = implicit.has(option)
    ? rule.matches.find(([, match]) => match === name || match === 'icmpv6')
    : undefined;
  const match = last ?? rule.matches.at(-1) ?? [];
  if (rule.matches.length === 0) rule.matches.push(match);
  return match;
}

function optionWords(option: string, values: readonly string[], target: string | undefined): readonly string[] {
  const [value = ''] = values;
  switch (option) {
    case '--ctstate':
      return [
        option,
        value
          .toUpperCase()
          .split(',')
          .toSorted((a, b) => ctstates.indexOf(a) - ctstates.indexOf(b))
          .join(','),
      ];
    case '--sport':
    case '--dport':
    case '--sports':
    case '--dports':
      return [
        option,
        value
          .replace(/[a-z]+/g, (name) => String(services.get(name) ?? name))
          .replace(/^:/, '0:')
          .replace(/:$/, ':65535'),
      ];
    case '--tcp-flags':
      return [option, value === 'ALL' ? 'FIN,SYN,RST,PSH,ACK,URG' : value, ...values.slice(1)];
    case '--syn':
      return ['--tcp-flags', 'FIN,SYN,RST,ACK', 'SYN'];
    case '--icmp-type':
      return [option, icmpTypes.get(value) ?? value];
    case '--icmpv6-type':
      return [option, icmp6Types.get(value) ?? value];
    case '--limit':
      return [option, canonicalLimit(value)];
    case '--limit-burst':
      return value === '5' ? [] : [option, value];
    case '--mac-source':
      return [option, parseMac(value)];
    case '--mark':
      return [option, hex(value)];
    case '--to-x':
      return [target === 'SNAT' ? '--to-source' : target === 'DNAT' ? '--to-destination' : '--to-ports', ...values];
    case '--set-mark':
    case '--set-xmark': {
      const [mark = '', mask = '0xffffffff'] = value.split('/');
      return ['--set-xmark', `${hex(mark)}/${hex(mask)}`];
    }
    case '--log-level': {
      const level = logLevels.indexOf(value === 'warn' ? 'warning' : value);
      const number = level === -1 ? value : String(level);
      return number === '4' ? [] : [option, number];
    }
    default:
      return [option, ...values];
  }
}

const hex = (value: string): string => (/^(0x[0-9a-f]+|\d+)$/i.test(value) ? `0x${Number(value).toString(16)}` : value);

// xt_limit keeps the time between packets and prints it in the smallest unit that gives a whole number.
function canonicalLimit(value: string): string {
  const units = [
    ['day', 864_000_000],
    ['hour', 36_000_000],
    ['min', 600_000],
    ['sec', 10_000],
  ] as const;
  const [, number, unit = 'sec'] = /^(\d+)(?:\/([a-z]+))?$/.exec(value) ?? [];
  const scale = units.find(([name]) => unit.startsWith(name.charAt(0)))?.[1];
  if (number === undefined || scale === undefined) return value;
  const period = Math.trunc(scale / Number(number));
  let best: (typeof units)[number] = units[0];
  for (const entry of units.slice(1)) {
    if (period > entry[1] || Math.trunc(entry[1] / period) < entry[1] % period) break;
    best = entry;
  }
  return `${Math.trunc(best[1] / period)}/${best[0]}`;
}

function finishTarget(target: string[], family: 4 | 6): void {
  if (target[1] === 'LOG') {
    const rank = (option = ''): number => [...logOptions, option].indexOf(option);
    target.splice(
      2,
      target.length,
      ...optionGroups(target.slice(2))
        .toSorted((a, b) => rank(a[0]) - rank(b[0]))
        .flat(),
    );
  }
  if (target[1] === 'REJECT' && !target.includes('--reject-with')) {
    target.push('--reject-with', family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable');
  }
}

/** Options, each with its values and the `!` before it. */
function optionGroups(words: readonly string[]): readonly string[][] {
  const groups: string[][] = [];
  for (const word of words) {
    const last = groups.at(-1);
    if (word === '!' || (/^--[a-z]+(-[a-z]+)*$/.test(word) && !(last?.length === 1 && last[0] === '!')))
      groups.push([word]);
    else last?.push(word);
  }
  return groups;
}

// iptables prints the ports of tcp and udp in its own order.
function finishMatch(match: string[]): string[] {
  const [m = '', name = '', ...rest] = match;
  if (name !== 'tcp' && name !== 'udp' && name !== 'sctp') return [m, name === 'icmpv6' ? 'icmp6' : name, ...rest];
  const rank = (group: readonly string[]): number => {
    const at = ['--sport', '--dport', '--tcp-option', '--tcp-flags'].findIndex((option) => group.includes(option));
    return at === -1 ? 9 : at;
  };
  return [
    m,
    name,
    ...optionGroups(rest)
      .toSorted((a, b) => rank(a) - rank(b))
      .flat(),
  ];
}
