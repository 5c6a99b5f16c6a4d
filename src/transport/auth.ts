import { readFile, stat } from 'node:fs/promises';
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, ParsedKey, Prompt } from 'ssh2';
import { KvmnetError } from '../util/errors.ts';
import { fileProblem } from '../util/file-problem.ts';
import type { Ssh2 } from './ssh2.ts';
import { agentKeys, type AgentKey } from './agent.ts';
import type { Endpoint, IdentityFile } from './endpoint.ts';
import { fingerprint } from './known-hosts.ts';
import { publicPart } from './private-key.ts';

interface Attempt {
  readonly needs: 'publickey' | 'password' | 'keyboard-interactive' | 'none';
  /** As it is named when all attempts have failed. */
  readonly label: string;
  readonly method: AnyAuthMethod;
}

// sshd's default MaxAuthTries is 6: with a password to try, keys must leave room for it.
const KEYS_BEFORE_PASSWORD = 4;

/** The ways to log in to one machine, in OpenSSH's order, and what became of them. */
export class Authentication {
  readonly #endpoint: Endpoint;
  readonly #host: string;
  readonly #attempts: Attempt[];
  readonly #notes: readonly string[];
  readonly #tried: string[] = [];
  #offered: readonly string[] = [];

  private constructor(endpoint: Endpoint, host: string, attempts: Attempt[], notes: readonly string[]) {
    this.#endpoint = endpoint;
    this.#host = host;
    this.#attempts = attempts;
    this.#notes = notes;
  }

  static async create(ssh2: Ssh2, endpoint: Endpoint, host: string): Promise<Authentication> {
    const notes: string[] = [];
    const keys = await keyAttempts(ssh2, endpoint, notes);
    const passwords = passwordAttempts(endpoint);
    if (passwords.length > 0) keys.splice(KEYS_BEFORE_PASSWORD);
    const attempts = [...keys, ...passwords];
    if (attempts.length === 0) {
      attempts.push({ needs: 'none', label: 'none', method: { type: 'none', username: endpoint.user } });
    }
    return new Authentication(endpoint, host, attempts, notes);
  }

  /** For ssh2: the first attempt is made at once, without its usual question which methods there are. */
  readonly handler: AuthHandlerMiddleware = (methodsLeft: AuthenticationType[] | null, _partial, next) => {
    if (methodsLeft !== null) this.#offered = methodsLeft;
    for (;;) {
      const attempt = this.#attempts.shift();
      if (attempt === undefined) {
        // The types of ssh2 leave out that `false` means "no more".
        (next as (method: AnyAuthMethod | false) => void)(false);
        return;
      }
      if (methodsLeft !== null && !(methodsLeft as string[]).includes(attempt.needs)) continue;
      this.#tried.push(attempt.label);
      next(attempt.method);
      return;
    }
  };

  failure(cause: unknown): KvmnetError {
    const { user, address } = this.#endpoint;
    const tried = this.#tried.length === 0 ? 'nothing to try' : `tried ${this.#tried.join(', ')}`;
    const offered = this.#offered.length === 0 ? '' : `; the host accepts ${this.#offered.join(', ')}`;
    const notes = this.#notes.length === 0 ? '' : `; ${this.#notes.join('; ')}`;
    return new KvmnetError('auth', `${address} refused to let ${user} in: ${tried}${offered}${notes}`, {
      host: this.#host,
      hint: this.#hint(),
      cause,
    });
  }

  #hint(): string {
    if (this.#notes.some((note) => note.includes('passphrase'))) {
      return 'add the key to the agent (ssh-add), or give its passphrase';
    }
    return 'check the user, and name a key (kvmnet_private_key_file) or give a password (kvmnet_password)';
  }
}

async function keyAttempts(ssh2: Ssh2, endpoint: Endpoint, notes: string[]): Promise<Attempt[]> {
  const files = (
    await Promise.all(endpoint.identityFiles.map((file) => loadIdentity(ssh2, endpoint, file, notes)))
  ).filter((file) => file !== undefined);
  const inAgent = await agentKeys(ssh2, endpoint.agentSocket, notes);
  const wanted = files.filter((file) => file.explicit);
  const isWanted = (key: ParsedKey): boolean =>
    wanted.some((file) => file.public !== undefined && file.public.equals(key.getPublicSSH()));
  const viaAgent = ({ key, agent }: AgentKey): Attempt => ({
    needs: 'publickey',
    label: `agent key ${key.comment || key.type} (${fingerprint(key.getPublicSSH())})`,
    method: { type: 'agent', username: endpoint.user, agent },
  });
  const held = new Set(inAgent.map(({ key }) => key.getPublicSSH().toString('base64')));
  const fromFiles = files
    .filter((file) => file.key !== undefined && !held.has(file.key.getPublicSSH().toString('base64')))
    .map(({ path, key, explicit }): Attempt & { explicit: boolean } => ({
      needs: 'publickey',
      label: `key ${path} (${key === undefined ? '' : fingerprint(key.getPublicSSH())})`,
      method: { type: 'publickey', username: endpoint.user, key: key as ParsedKey },
      explicit,
    }));
  const others = endpoint.identitiesOnly ? [] : inAgent.filter(({ key }) => !isWanted(key));
  return [
    ...inAgent.filter(({ key }) => isWanted(key)).map(viaAgent),
    ...fromFiles.filter((attempt) => attempt.explicit),
    ...others.map(viaAgent),
    ...fromFiles.filter((attempt) => !attempt.explicit),
  ];
}

function passwordAttempts({ user: username, password }: Endpoint): Attempt[] {
  if (password === undefined) return [];
  let asked = false;
  // The same password again would only lock the account: a second question gets an empty answer.
  const prompt = (_n: string, _i: string, _l: string, prompts: Prompt[], finish: (answers: string[]) => void): void => {
    const again = asked;
    asked = true;
    finish(prompts.map(({ echo }) => (echo === true || again ? '' : password)));
  };
  return [
    { needs: 'password', label: 'password', method: { type: 'password', username, password } },
    {
      needs: 'keyboard-interactive',
      label: 'keyboard-interactive',
      method: { type: 'keyboard-interactive', username, prompt },
    },
  ];
}

interface Identity extends IdentityFile {
  readonly public?: Buffer | undefined;
  readonly key?: ParsedKey | undefined;
}

async function loadIdentity(
  ssh2: Ssh2,
  endpoint: Endpoint,
  file: IdentityFile,
  notes: string[],
): Promise<Identity | undefined> {
  const text = await readFile(file.path).catch((cause: NodeJS.ErrnoException) => cause);
  if (text instanceof Error) {
    if (file.explicit) notes.push(`${file.path} cannot be read: ${fileProblem(text)}`);
    return undefined;
  }
  const exposed = await exposure(file.path);
  if (exposed !== undefined) {
    notes.push(exposed);
    return { ...file, public: await publicPart(ssh2, file.path, text) };
  }
  const key = parseKey(ssh2, text, endpoint.passphrase);
  if (!(key instanceof Error))
    return key.isPrivateKey() ? { ...file, key, public: key.getPublicSSH() } : { ...file, public: key.getPublicSSH() };
  const encrypted = /encrypted|passphrase/i.test(key.message);
  const note = !encrypted
    ? `${file.path} is not a usable key (${key.message})`
    : endpoint.passphrase === undefined
      ? `${file.path} needs a passphrase`
      : `${file.path} does not open with that passphrase`;
  const known = await publicPart(ssh2, file.path, text);
  notes.push(note);
  return { ...file, public: known };
}

/** As OpenSSH: a private key of ours that others can read is not used. @returns why */
async function exposure(path: string): Promise<string | undefined> {
  const { mode, uid } = await stat(path);
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return undefined;
  return `${path} is not used, because others can read it (chmod 600 ${path})`;
}

function parseKey(ssh2: Ssh2, text: Buffer, passphrase: string | undefined): ParsedKey | Error {
  // One file may hold several keys (the types do not say so); OpenSSH writes one.
  const parsed = ssh2.utils.parseKey(text, passphrase) as ParsedKey | readonly ParsedKey[] | Error;
  if (!Array.isArray(parsed)) return parsed as ParsedKey | Error;
  return (parsed as readonly ParsedKey[])[0] ?? new Error('no key in it');
}
