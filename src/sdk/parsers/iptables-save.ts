import { unreadable } from './tool-output.ts';

/** A chain as `iptables-save` prints it. */
export interface SavedChain {
  /** `ACCEPT` or `DROP` of a built-in chain; null for a user's. */
  readonly policy: string | null;
  /** Rules without `-A CHAIN`, in the tool's canonical form. */
  readonly rules: readonly string[];
}

/** Chains by name, by table. */
export type SavedTables = ReadonlyMap<string, ReadonlyMap<string, SavedChain>>;

/** Reads the output of `iptables-save` or `ip6tables-save`; counters and comments are left out. */
export function parseIptablesSave(text: string): SavedTables {
  const tables = new Map<string, Map<string, { policy: string | null; rules: string[] }>>();
  let chains = new Map<string, { policy: string | null; rules: string[] }>();
  for (const line of text.split('\n')) {
    const [word = '', name = '', policy = ''] = line.split(' ', 3);
    if (line.startsWith('*')) {
      chains = new Map();
      tables.set(line.slice(1).trim(), chains);
    } else if (line.startsWith(':')) {
      chains.set(word.slice(1), { policy: name === '-' ? null : name, rules: [] });
    } else {
      // `[12:3456] -A CHAIN …` where counters were asked for.
      const [, chain, rule] = /^(?:\[\d+:\d+\] )?-A (\S+) ?(.*)$/.exec(line) ?? [];
      if (chain === undefined) {
        if (line.trim() === '' || line.startsWith('#') || line.trim() === 'COMMIT') continue;
        throw unreadable('iptables-save', `a line that begins with "${word}${policy === '' ? '' : ' '}"`, line);
      }
      chains.get(chain)?.rules.push((rule ?? '').trimEnd());
    }
  }
  return tables;
}
