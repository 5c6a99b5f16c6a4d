import { splitWords } from './ini-words.ts';

/** What arguments for the `ssh` command mean for a connection; values as text, to be read like the variables. */
export interface SshArguments {
  readonly jump?: string;
  readonly hostKeyChecking?: string;
  readonly privateKeyFile?: string;
  readonly port?: string;
  readonly user?: string;
  readonly connectTimeout?: string;
}

type Field = keyof SshArguments;

const FLAGS: Readonly<Record<string, string>> = { '-J': 'proxyjump', '-i': 'identityfile', '-p': 'port', '-l': 'user' };
const FIELDS: Readonly<Record<string, Field>> = {
  proxyjump: 'jump',
  stricthostkeychecking: 'hostKeyChecking',
  identityfile: 'privateKeyFile',
  port: 'port',
  user: 'user',
  connecttimeout: 'connectTimeout',
};

/** What only makes sense for a command that is started again for every task, or what kvmnet does anyway. */
const NEEDLESS = new Set([
  'controlmaster',
  'controlpersist',
  'controlpath',
  'serveraliveinterval',
  'serveralivecountmax',
  'tcpkeepalive',
  'batchmode',
  'loglevel',
  'compression',
  'requesttty',
]);
const NEEDLESS_FLAGS = new Set(['-C', '-q', '-T', '-t', '-tt', '-v', '-vv', '-vvv', '-x']);

/** @returns what is not understood, as a sentence without its subject, instead of guessing. */
export function parseSshArguments(text: string): SshArguments | string {
  const words = splitWords(text);
  if (typeof words === 'string') return words;
  const found: Partial<Record<Field, string>> = {};
  const queue = words.map((word) => word.text);
  for (let flag = queue.shift(); flag !== undefined; flag = queue.shift()) {
    if (NEEDLESS_FLAGS.has(flag)) continue;
    const [name, attached] = [flag.slice(0, 2), flag.slice(2)];
    const option = FLAGS[name];
    if (name !== '-o' && option === undefined) return `"${flag}" is not understood`;
    const value = attached === '' ? queue.shift() : attached;
    if (value === undefined) return `"${name}" has no value`;
    const problem = name === '-o' ? setOption(found, value) : setOption(found, `${option ?? ''}=${value}`);
    if (problem !== undefined) return problem;
  }
  return found;
}

function setOption(found: Partial<Record<Field, string>>, text: string): string | undefined {
  const [, name = text, value = ''] = /^([A-Za-z]+)\s*[=\s]\s*(.*)$/.exec(text) ?? [];
  const key = name.toLowerCase();
  if (NEEDLESS.has(key)) return undefined;
  const field = FIELDS[key];
  if (field !== undefined) {
    // OpenSSH takes the first of several.
    found[field] ??= value.replace(/^"(.*)"$/, '$1');
    return undefined;
  }
  if (key === 'proxycommand') {
    const jump = jumpOfCommand(value);
    if (jump === undefined) return `ProxyCommand "${value}" is more than a jump through another host`;
    found.jump ??= jump;
    return undefined;
  }
  // Only with keys unchecked is there nothing to keep: the usual pair of options.
  if (key === 'userknownhostsfile' && value === '/dev/null') return undefined;
  return `option ${name} is not understood`;
}

/** `ssh -W %h:%p [-q] [-p port] [user@]host` is a jump through that host. */
function jumpOfCommand(command: string): string | undefined {
  const words = splitWords(command.replace(/^"(.*)"$/, '$1'));
  if (typeof words === 'string' || words[0]?.text !== 'ssh') return undefined;
  const queue = words.slice(1).map((word) => word.text);
  let [host, port, user, forwards]: (string | undefined)[] = [];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (NEEDLESS_FLAGS.has(word)) continue;
    if (word === '-W') forwards = queue.shift();
    else if (word === '-p') port = queue.shift();
    else if (word === '-l') user = queue.shift();
    else if (word.startsWith('-') || host !== undefined) return undefined;
    else host = word;
  }
  if (host === undefined || !/^\[?%h\]?:%p$/.test(forwards ?? '')) return undefined;
  return `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`;
}
