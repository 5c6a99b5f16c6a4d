import { execFile } from 'node:child_process';
import type { ConfigLine } from './ssh-config-file.ts';
import { matchesList } from './pattern.ts';
import { expandTokens, type Tokens } from './ssh-tokens.ts';

/** The values that hold for one host: keyword in lower case -> the words of each line that counts. */
export type Settings = ReadonlyMap<string, readonly ConfigLine[]>;

export interface ConfigQuery {
  /** The name as given. */
  readonly host: string;
  /** User and port that win over the configuration, for `Match user` and tokens. */
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly localUser: string;
  readonly home: string;
}

// All values of these are kept; of all others the first one wins.
const REPEATABLE = new Set([
  'identityfile',
  'certificatefile',
  'localforward',
  'remoteforward',
  'dynamicforward',
  'sendenv',
  'setenv',
]);

const KNOWN_CRITERIA = new Set(['all', 'canonical', 'final', 'exec', 'host', 'originalhost', 'user', 'localuser']);

/**
 * What the configuration says about a host, as ssh_config(5) describes it: the first value wins, `Host` matches the name
 * as given, `Match host` the name it stands for. With `Match final` the files are read a second time.
 * @param unsupported is told of `Match` criteria that cannot be decided; such a block is left out.
 */
export async function evaluateConfig(
  files: readonly (readonly ConfigLine[])[],
  query: ConfigQuery,
  unsupported: (what: string) => void,
): Promise<Settings> {
  const run = new Evaluation(query, unsupported);
  for (const lines of files) await run.apply(lines, false);
  if (run.wantsFinal) for (const lines of files) await run.apply(lines, true);
  return run.settings;
}

class Evaluation {
  readonly settings = new Map<string, ConfigLine[]>();
  wantsFinal = false;
  readonly #query: ConfigQuery;
  readonly #unsupported: (what: string) => void;

  constructor(query: ConfigQuery, unsupported: (what: string) => void) {
    this.#query = query;
    this.#unsupported = unsupported;
  }

  async apply(lines: readonly ConfigLine[], final: boolean): Promise<void> {
    for (const line of lines) {
      const { keyword, words, inner = [] } = line;
      if (keyword === 'include') await this.apply(inner, final);
      else if (keyword === 'host') {
        if (matchesList(words, this.#query.host)) await this.apply(inner, final);
      } else if (keyword === 'match') {
        if (await this.#matches(words, final)) await this.apply(inner, final);
      } else this.#set(line);
    }
  }

  #set(line: ConfigLine): void {
    const known = this.settings.get(line.keyword);
    if (known === undefined) this.settings.set(line.keyword, [line]);
    // The second reading, for `Match final`, meets every line again.
    else if (REPEATABLE.has(line.keyword) && !known.some((one) => one.text === line.text)) known.push(line);
  }

  async #matches(words: readonly string[], final: boolean): Promise<boolean> {
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? '';
      const negated = word.startsWith('!');
      const criterion = word.replace(/^!/, '').toLowerCase();
      if (!KNOWN_CRITERIA.has(criterion)) {
        this.#unsupported(`"Match ${word}" in ssh configuration is not supported; the block is left out`);
        return false;
      }
      const bare = criterion === 'all' || criterion === 'canonical' || criterion === 'final';
      const value = bare ? '' : (words[++i] ?? '');
      if ((await this.#test(criterion, value, final)) === negated) return false;
    }
    return true;
  }

  async #test(criterion: string, value: string, final: boolean): Promise<boolean> {
    const tokens = this.#tokens();
    switch (criterion) {
      case 'all':
        return true;
      case 'final':
        this.wantsFinal = true;
        return final;
      case 'host':
        return matchesList(value.split(','), tokens.h);
      case 'originalhost':
        return matchesList(value.split(','), tokens.n);
      case 'user':
        return matchesList(value.split(','), tokens.r);
      case 'localuser':
        return matchesList(value.split(','), tokens.u);
      case 'exec':
        return succeeds(expandTokens(value, tokens));
      default:
        // canonical: host names are not canonicalised.
        return false;
    }
  }

  #tokens(): Tokens {
    const { host, user, port, localUser, home } = this.#query;
    const first = (keyword: string): string | undefined => this.settings.get(keyword)?.[0]?.words[0];
    const name = first('hostname')?.replaceAll('%h', host).replaceAll('%%', '%') ?? host;
    return {
      h: name,
      n: host,
      p: String(port ?? first('port') ?? 22),
      r: user ?? first('user') ?? localUser,
      u: localUser,
      d: home,
      k: first('hostkeyalias') ?? name,
    };
  }
}

const succeeds = (command: string): Promise<boolean> =>
  new Promise((resolve) => execFile('/bin/sh', ['-c', command], (error) => resolve(error === null)));
