import { dirname, isAbsolute, join, resolve } from 'node:path';
import { KvmnetError } from '../util/errors.ts';
import type { Endpoint, IdentityFile } from './endpoint.ts';
import { parseJump, type Hop } from './jump.ts';
import type { TransportOptions } from './options.ts';
import { evaluateConfig, type Settings } from './ssh-config.ts';
import { readConfig, type ConfigLine } from './ssh-config-file.ts';
import { expandPath, expandTokens, type Tokens } from './ssh-tokens.ts';
import { plainAddress, plainLogin } from './plain-names.ts';
import type { ConnectionSpec, HostKeyChecking } from './types.ts';
import { UNSUPPORTED } from './unsupported-options.ts';

// OpenSSH's, without the ones that ssh2 cannot use (FIDO, DSA).
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

// A loop in ProxyJump must not become one of ours.
const MAX_HOPS = 8;

/** What is asked for; the rest is looked up. */
type Wanted = Pick<
  ConnectionSpec,
  | 'host'
  | 'address'
  | 'port'
  | 'user'
  | 'password'
  | 'privateKeyFile'
  | 'passphrase'
  | 'jump'
  | 'hostKeyChecking'
  | 'connectTimeout'
  | 'retries'
>;

/** Decides everything about a host and the hops on the way: inventory first, then ssh configuration, then OpenSSH's defaults. */
export function createResolver(
  options: TransportOptions,
  notice: (text: string) => void,
): (spec: ConnectionSpec) => Promise<Endpoint> {
  const paths = options.configFiles ?? [join(options.home, '.ssh/config'), '/etc/ssh/ssh_config'];
  let files: Promise<readonly (readonly ConfigLine[])[]> | undefined;
  return async (spec) => {
    // Read once for all hosts of a run.
    files ??= Promise.all(paths.map((path) => readConfig(path, dirname(path), options.home)));
    return look(await files, options, notice, spec, 0);
  };
}

async function look(
  files: readonly (readonly ConfigLine[])[],
  options: TransportOptions,
  notice: (text: string) => void,
  wanted: Wanted,
  depth: number,
): Promise<Endpoint> {
  if (depth > MAX_HOPS) {
    throw new KvmnetError('unreachable', `the jump hosts of ${wanted.host} lead in a circle`, { host: wanted.host });
  }
  plainAddress(wanted.address, wanted.host);
  if (wanted.user !== undefined) plainLogin(wanted.user, wanted.host);
  const query = { ...wanted, host: wanted.address, localUser: options.user, home: options.home };
  const settings = await evaluateConfig(files, query, notice);
  for (const [keyword, { name, harmless }] of UNSUPPORTED) {
    const line = settings.get(keyword)?.[0];
    if (line !== undefined && !harmless(line.words)) {
      notice(`${name} in ssh configuration is not supported and is ignored for ${wanted.address}`);
    }
  }
  const { hops, ...endpoint } = decide(wanted, settings, options);
  const jumps: Endpoint[] = [];
  for (const hop of hops) {
    // A hop is a machine of its own: it does not get the password of the host behind it.
    const { host, privateKeyFile, passphrase, hostKeyChecking, connectTimeout } = wanted;
    const jump = jumps.length > 0 ? 'none' : undefined;
    const shared = { host, privateKeyFile, passphrase, hostKeyChecking, connectTimeout, jump };
    const next = await look(files, options, notice, { ...shared, ...hop }, depth + 1);
    jumps.push(...next.jumps, { ...next, jumps: [] });
  }
  return { ...endpoint, jumps };
}

function decide(
  wanted: Wanted,
  settings: Settings,
  options: TransportOptions,
): Endpoint & { readonly hops: readonly Hop[] } {
  const first = (keyword: string): string | undefined => settings.get(keyword)?.[0]?.words[0];
  const number = (keyword: string): number | undefined => numeric(keyword, first(keyword), wanted.host);
  const user = wanted.user ?? first('user') ?? options.user;
  const port = wanted.port ?? number('port') ?? 22;
  const address =
    first('hostname')?.replaceAll(/%[h%]/g, (token) => (token === '%h' ? wanted.address : '%')) ?? wanted.address;
  const tokens: Tokens = {
    h: address,
    n: wanted.address,
    p: String(port),
    r: user,
    u: options.user,
    d: options.home,
    k: first('hostkeyalias') ?? wanted.address,
  };
  const path = (text: string): string => {
    const expanded = expandTokens(expandPath(text, options.home, options.env), tokens);
    return isAbsolute(expanded) ? expanded : resolve(options.home, expanded);
  };
  const list = (keyword: string): readonly string[] | undefined => {
    const words = settings.get(keyword)?.[0]?.words;
    if (words === undefined) return undefined;
    return words.length === 1 && words[0] === 'none' ? [] : words.map(path);
  };
  const ssh = join(options.home, '.ssh');
  const proxy = settings.get('proxycommand')?.[0]?.text;
  const { hops, proxyCommand } = way(wanted, first('proxyjump'), proxy === 'none' ? undefined : proxy);
  return {
    address,
    port,
    user,
    password: wanted.password,
    passphrase: wanted.passphrase,
    identityFiles: identities(wanted, settings, path, ssh),
    identitiesOnly: yes(first('identitiesonly')) ?? false,
    agentSocket: agent(first('identityagent'), path, options),
    proxyCommand: proxyCommand === undefined ? undefined : expandTokens(proxyCommand, tokens),
    hops,
    jumps: [],
    hostKeyChecking: wanted.hostKeyChecking ?? checking(first('stricthostkeychecking')) ?? 'yes',
    hostKeyName: first('hostkeyalias') ?? address,
    userKnownHosts: options.knownHostsFiles ??
      list('userknownhostsfile') ?? [join(ssh, 'known_hosts'), join(ssh, 'known_hosts2')],
    globalKnownHosts: options.globalKnownHostsFiles ??
      list('globalknownhostsfile') ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    hashKnownHosts: yes(first('hashknownhosts')) ?? false,
    keepaliveInterval: number('serveraliveinterval') ?? 15,
    keepaliveCount: number('serveralivecountmax') ?? 3,
    connectTimeout: wanted.connectTimeout ?? number('connecttimeout') ?? 10,
    retries: wanted.retries ?? Math.max(0, (number('connectionattempts') ?? 3) - 1),
    family: first('addressfamily') === 'inet' ? 4 : first('addressfamily') === 'inet6' ? 6 : 0,
    localAddress: first('bindaddress'),
  };
}

/** ProxyJump or ProxyCommand, or neither; whatever the inventory says wins over both. */
function way(
  wanted: Wanted,
  configJump: string | undefined,
  configCommand: string | undefined,
): { hops: readonly Hop[]; proxyCommand?: string | undefined } {
  if (wanted.jump !== undefined) return { hops: parseJump(wanted.jump, wanted.host) };
  if (configJump !== undefined) {
    const hops = parseJump(configJump, wanted.host);
    if (hops.length > 0) return { hops };
  }
  return { hops: [], proxyCommand: configCommand };
}

function identities(
  wanted: Wanted,
  settings: Settings,
  path: (text: string) => string,
  ssh: string,
): readonly IdentityFile[] {
  const named = settings.get('identityfile')?.map(({ words }) => words[0] ?? '') ?? [];
  const files = named.filter((name) => name !== 'none').map((name) => ({ path: path(name), explicit: true }));
  if (wanted.privateKeyFile !== undefined) {
    // Relative names in an inventory have been made absolute by it; here they mean the working directory, as for `ssh -i`.
    const own = wanted.privateKeyFile.startsWith('~') ? path(wanted.privateKeyFile) : resolve(wanted.privateKeyFile);
    return [{ path: own, explicit: true }, ...files.filter((file) => file.path !== own)];
  }
  return named.length > 0 ? files : DEFAULT_KEYS.map((name) => ({ path: join(ssh, name), explicit: false }));
}

function agent(
  said: string | undefined,
  path: (text: string) => string,
  options: TransportOptions,
): string | undefined {
  const fallback = options.env['SSH_AUTH_SOCK'] === '' ? undefined : options.env['SSH_AUTH_SOCK'];
  if (said === undefined || said === 'SSH_AUTH_SOCK') return fallback;
  if (said === 'none') return undefined;
  return said.startsWith('$') && !said.startsWith('${') ? options.env[said.slice(1)] : path(said);
}

function checking(said: string | undefined): HostKeyChecking | undefined {
  switch (said?.toLowerCase()) {
    case undefined:
      return undefined;
    case 'no':
    case 'off':
    case 'false':
      return 'no';
    case 'accept-new':
      return 'accept-new';
    default:
      // `ask`: there is nobody to ask.
      return 'yes';
  }
}

const yes = (said: string | undefined): boolean | undefined =>
  said === undefined ? undefined : /^(yes|true)$/i.test(said);

/** Seconds may be written as OpenSSH's time formats: `30`, `2m`, `1h30m`. */
function numeric(keyword: string, said: string | undefined, host: string): number | undefined {
  if (said === undefined || said === 'none') return undefined;
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  if (!/^(\d+[smhdw]?)+$/i.test(said)) {
    throw new KvmnetError('usage', `"${said}" is no number for ${keyword} in ssh configuration`, { host });
  }
  let total = 0;
  for (const [, digits, unit = ''] of said.matchAll(/(\d+)([smhdw]?)/gi))
    total += Number(digits) * (units[unit.toLowerCase()] ?? 1);
  return total;
}
