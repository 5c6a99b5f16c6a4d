import { ipFamily, parseAddress } from '../../src/sdk/index.ts';

/**
 * Expressions for grep -E on /proc/net/tcp and tcp6, whose lines begin
 * `  sl: ADDRESS:PORT REMOTE:PORT STATE`, addresses in words of the machine's byte order.
 */
export interface SocketPatterns {
  /** A listener that serves the host. */
  readonly listening: string;
  /** A listener on [::], which serves IPv4 as well unless it was told not to; empty where that does not matter. */
  readonly maybe: string;
  /** Connections to the port that are still going on. */
  readonly active: string;
  /** Of these, the ones that do not count. */
  readonly excluded: string;
}

const LISTEN = '0A';
const states: Readonly<Record<string, string>> = {
  ESTABLISHED: '01',
  SYN_SENT: '02',
  SYN_RECV: '03',
  FIN_WAIT1: '04',
  FIN_WAIT2: '05',
  TIME_WAIT: '06',
  CLOSE_WAIT: '08',
  LAST_ACK: '09',
  CLOSING: '0B',
};
export const connectionStates = Object.keys(states);

const any4 = '00000000';
const any6 = '0{32}';
const remote = '[0-9A-F]+:[0-9A-F]{4}';

/** Whether a host name means the host itself, so that its own list of sockets answers. */
export const isLocal = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1|0\.0\.0\.0|::)$/.test(host);

export function socketPatterns(
  host: string,
  port: number,
  active: readonly string[],
  exclude: readonly string[],
): SocketPatterns {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const line = (local: string, state: string): string => `^ *[0-9]+: (${local}):${hexPort} ${remote} (${state}) `;
  const local = localAddresses(host);
  const activeStates = active.map((name) => states[name] ?? name).join('|');
  return {
    listening: line(local.listening, LISTEN),
    maybe: local.maybe ? line(any6, LISTEN) : '',
    active: line(local.own, activeStates),
    excluded: exclude.length === 0 ? '' : `^ *[0-9]+: [0-9A-F]+:${hexPort} (${exclude.map(anyHex).join('|')}):`,
  };
}

function localAddresses(host: string): { readonly listening: string; readonly maybe: boolean; readonly own: string } {
  if (host === '0.0.0.0' || host === '::') return { listening: '[0-9A-F]+', maybe: false, own: '[0-9A-F]+' };
  if (host === 'localhost') {
    const own = `${anyHex('127.0.0.1')}|${anyHex('::1')}`;
    return { listening: `${any4}|${any6}|${own}`, maybe: false, own };
  }
  const own = anyHex(host);
  return ipFamily(host) === 6
    ? { listening: `${any6}|${own}`, maybe: false, own }
    : { listening: `${any4}|${own}`, maybe: true, own };
}

/** An address as these files show it, for either byte order; an IPv4 address also as the IPv6 one that stands for it. */
export function anyHex(address: string): string {
  const four = address.replace(/^::ffff:(?=.*\.)/, '');
  if (ipFamily(four) === 6) {
    const words = groups(address);
    return [words.join(''), words.map(reversed).join('')].join('|');
  }
  const word = four
    .split('.')
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
    .join('');
  const either = `${word}|${reversed(word)}`;
  return `${either}|${mapped(either)}`;
}

const mapped = (four: string): string => `0{16}(0000FFFF|FFFF0000)(${four})`;
const reversed = (word: string): string =>
  Array.from(word.matchAll(/../g), ([byte]) => byte)
    .toReversed()
    .join('');

/** The four words of an IPv6 address, in hexadecimal. */
function groups(address: string): readonly string[] {
  const [head = '', tail = ''] = parseAddress(address).split('::');
  const left = head.split(':').filter((part) => part !== '');
  const right = tail.split(':').filter((part) => part !== '');
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const all = [...left, ...middle, ...right].map((part) => part.toUpperCase().padStart(4, '0')).join('');
  return [0, 8, 16, 24].map((i) => all.slice(i, i + 8));
}
