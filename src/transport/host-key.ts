import type { ServerHostKeyAlgorithm } from 'ssh2';
import { KvmnetError } from '../util/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { appendKnownHost, readKnownHosts } from './known-hosts-file.ts';
import { fingerprint, judgeKey, keyType, knownName, knownTypes, type KnownHost } from './known-hosts.ts';

// ssh-rsa (SHA-1) and ssh-dss are left out: both are broken.
const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** Judges the key of one host during one login, and stores it afterwards where that was asked for. */
export class HostKeyCheck {
  readonly #endpoint: Endpoint;
  readonly #host: string;
  readonly #entries: readonly KnownHost[];
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** Why the key was refused. */
  refusal: KvmnetError | undefined;
  #toStore: Buffer | undefined;

  private constructor(endpoint: Endpoint, host: string, entries: readonly KnownHost[]) {
    this.#endpoint = endpoint;
    this.#host = host;
    this.#entries = entries;
    const known = knownTypes(entries, endpoint.hostKeyName, endpoint.port);
    const rank = (algorithm: string): number =>
      known.includes(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm) ? 0 : 1;
    this.algorithms = ALGORITHMS.toSorted((a, b) => rank(a) - rank(b));
  }

  /** @param host inventory name, for errors. */
  static async create(endpoint: Endpoint, host: string): Promise<HostKeyCheck> {
    const entries = await readKnownHosts([...endpoint.userKnownHosts, ...endpoint.globalKnownHosts]);
    return new HostKeyCheck(endpoint, host, entries);
  }

  accepts(key: Buffer): boolean {
    const { hostKeyName, port, hostKeyChecking } = this.#endpoint;
    const verdict = judgeKey(this.#entries, hostKeyName, port, key);
    if (verdict.kind === 'known') return true;
    if (verdict.kind !== 'revoked' && hostKeyChecking === 'no') return true;
    if (verdict.kind === 'new' && hostKeyChecking === 'accept-new') {
      this.#toStore = key;
      return true;
    }
    this.refusal = verdict.kind === 'new' ? this.#unknown(key) : this.#refused(verdict.kind, verdict.entry, key);
    return false;
  }

  /**
   * To be called once the key exchange is complete: not before then has the host proved that the key is its own.
   * @returns what the user should be told.
   */
  async store(): Promise<string | undefined> {
    const key = this.#toStore;
    const [file] = this.#endpoint.userKnownHosts;
    if (key === undefined || file === undefined || file === '/dev/null') return undefined;
    this.#toStore = undefined;
    const name = knownName(this.#endpoint.hostKeyName, this.#endpoint.port);
    try {
      await appendKnownHost(file, name, key, this.#endpoint.hashKnownHosts);
      return `host key of ${name} added to ${file} (${keyType(key)} ${fingerprint(key)})`;
    } catch (cause) {
      return `host key of ${name} accepted, but ${file} cannot be written: ${String(cause)}`;
    }
  }

  #unknown(key: Buffer): KvmnetError {
    const { hostKeyName, port } = this.#endpoint;
    const name = knownName(hostKeyName, port);
    return new KvmnetError('host-key', `the host key of ${name} is not known (${keyType(key)} ${fingerprint(key)})`, {
      host: this.#host,
      hint: `compare the fingerprint and add the key (ssh-keyscan -p ${port} ${hostKeyName} >> ${this.#endpoint.userKnownHosts[0] ?? 'known_hosts'}), or set kvmnet_host_key_checking: accept-new`,
    });
  }

  #refused(kind: 'revoked' | 'changed' | 'certificate-authority', entry: KnownHost, key: Buffer): KvmnetError {
    const name = knownName(this.#endpoint.hostKeyName, this.#endpoint.port);
    const where = `${entry.file}:${entry.line}`;
    const shown = `${keyType(key)} ${fingerprint(key)}`;
    const known = `${entry.type} ${fingerprint(entry.key)}`;
    const host = this.#host;
    switch (kind) {
      case 'revoked':
        return new KvmnetError('host-key', `the host key of ${name} is revoked (${where}): ${shown}`, {
          host,
          hint: 'do not log in there before you know why; give the host a new key',
        });
      case 'changed':
        return new KvmnetError(
          'host-key',
          `the host key of ${name} has changed: it shows ${shown}, but ${where} knows ${known}`,
          {
            host,
            hint: `somebody may be listening in; if the host was installed anew: ssh-keygen -f "${entry.file}" -R "${name}"`,
          },
        );
      default:
        return new KvmnetError(
          'host-key',
          `${name} is known through a certificate authority only (${where}), and host certificates are not supported`,
          {
            host,
            hint: `add the plain key of the host (${shown}) to ${this.#endpoint.userKnownHosts[0] ?? entry.file}`,
          },
        );
    }
  }
}
