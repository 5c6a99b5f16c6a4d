import { isIPv6 } from 'node:net';

/** One term of a pattern: `kvm`, `!kvm09`, `&edge`, `kvm[0:3]`. */
export interface Term {
  readonly kind: 'add' | 'keep' | 'remove';
  /** The name, glob or `~regex`, without subscript. */
  readonly name: string;
  readonly subscript: Subscript | undefined;
  /** As the user wrote it. */
  readonly text: string;
}

/** `[2]`, `[-1]`, or with both ends included `[0:3]`, `[2:]`. */
export type Subscript =
  | { readonly kind: 'one'; readonly index: number }
  | { readonly kind: 'slice'; readonly from: number; readonly to: number | undefined };

/**
 * The terms of `a:b:&c:!d` or `a,b,&c,!d` in the order in which Ansible takes them, wherever they stand: what adds, then
 * what keeps (`&`), then what removes (`!`). Where nothing adds, all hosts are added.
 */
export function parsePattern(pattern: string): readonly Term[] {
  const terms = splitPattern(pattern).map(parseTerm);
  const adding = terms.filter(({ kind }) => kind === 'add');
  const first: readonly Term[] = adding.length > 0 || terms.length === 0 ? adding : [parseTerm('all')];
  return [...first, ...terms.filter(({ kind }) => kind === 'keep'), ...terms.filter(({ kind }) => kind === 'remove')];
}

/** Commas separate; so do colons, other than those of IPv6 addresses, of subscripts and inside of a regex's parentheses. */
export function splitPattern(pattern: string): readonly string[] {
  return pattern
    .split(',')
    .flatMap((part) => (isAddress(part.trim()) ? [part] : splitAtColons(part)))
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

const isAddress = (text: string): boolean => text.includes('::') || isIPv6(text.replace(/^[!&]/, ''));

function splitAtColons(text: string): readonly string[] {
  const terms: string[] = [];
  let depth = 0;
  let term = '';
  for (const char of text) {
    if (char === '[' || char === '(') depth++;
    if (char === ']' || char === ')') depth = Math.max(0, depth - 1);
    if (char === ':' && depth === 0) {
      terms.push(term);
      term = '';
    } else term += char;
  }
  return [...terms, term];
}

const SUBSCRIPT = /^(.+)\[(?:(-?[0-9]+)|([0-9]*):([0-9]*))\]$/;

function parseTerm(text: string): Term {
  const operator = text[0];
  const kind = operator === '!' ? 'remove' : operator === '&' ? 'keep' : 'add';
  const name = kind === 'add' ? text : text.slice(1).trim();
  const found = name.startsWith('~') ? null : SUBSCRIPT.exec(name);
  if (found === null) return { kind, name, subscript: undefined, text };
  const [, base = '', index, from = '', to = ''] = found;
  const subscript: Subscript =
    index === undefined
      ? { kind: 'slice', from: Number(from), to: to === '' ? undefined : Number(to) }
      : { kind: 'one', index: Number(index) };
  return { kind, name: base, subscript, text };
}
