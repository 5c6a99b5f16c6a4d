import { hostname, userInfo } from 'node:os';

/** What the percent signs of ssh_config(5) stand for. */
export interface Tokens {
  /** Host name after HostName. */
  readonly h: string;
  /** Host name as given. */
  readonly n: string;
  readonly p: string;
  /** User on the host. */
  readonly r: string;
  /** User here. */
  readonly u: string;
  /** Home directory here. */
  readonly d: string;
  readonly k: string;
}

export function expandTokens(text: string, tokens: Tokens): string {
  return text.replace(/%([%hnprudkiLl])/g, (whole, letter: string) => {
    switch (letter) {
      case '%':
        return '%';
      case 'i':
        return String(userInfo().uid);
      case 'l':
        return hostname();
      case 'L':
        return hostname().split('.')[0] ?? '';
      default:
        return isToken(letter) ? tokens[letter] : whole;
    }
  });
}

const isToken = (letter: string): letter is keyof Tokens => 'hnprudk'.includes(letter);

/** `~` at the beginning and `${NAME}` anywhere; an unset variable is left as it stands, so that the error shows it. */
export function expandPath(path: string, home: string, env: Readonly<Record<string, string | undefined>>): string {
  return path
    .replace(/^~(?=\/|$)/, home)
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => env[name] ?? whole);
}
