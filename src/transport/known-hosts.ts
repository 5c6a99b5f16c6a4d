import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { matchesList } from './pattern.ts';

// The format is described in sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.

export interface KnownHost {
  readonly marker?: 'revoked' | 'cert-authority' | undefined;
  /** The first field as it stands: a comma-separated list of patterns, or one hashed name. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Lines that make no sense are left out, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  const hosts: KnownHost[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const fields = raw.trim().split(/[ \t]+/);
    const first = fields[0] ?? '';
    if (first === '' || first.startsWith('#')) continue;
    const marked = first.startsWith('@');
    const [names, type, base64] = marked ? fields.slice(1) : fields;
    if (marked && first !== '@revoked' && first !== '@cert-authority') continue;
    if (names === undefined || type === undefined || base64 === undefined) continue;
    const key = Buffer.from(base64, 'base64');
    if (keyType(key) !== type) continue;
    const marker = first === '@revoked' ? 'revoked' : first === '@cert-authority' ? 'cert-authority' : undefined;
    hosts.push({ names, type, key, file, line: index + 1, ...(marker === undefined ? {} : { marker }) });
  }
  return hosts;
}

/** How a host is written there: ports other than 22 are part of the name. */
export const knownName = (host: string, port: number): string =>
  port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;

export function matchesKnownHost(entry: KnownHost, name: string): boolean {
  if (!entry.names.startsWith('|')) return matchesList(entry.names.toLowerCase().split(','), name);
  const [, version, salt = '', hash = ''] = entry.names.split('|');
  if (version !== '1') return false;
  const want = Buffer.from(hash, 'base64');
  const have = hashName(name, Buffer.from(salt, 'base64'));
  return want.length === have.length && timingSafeEqual(want, have);
}

export const hashName = (name: string, salt: Buffer): Buffer => createHmac('sha1', salt).update(name).digest();

/** The algorithm name that every public key begins with (RFC 4253, 6.6). */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** As `ssh-keygen -l` shows it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

export type KeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'new' }
  | { readonly kind: 'revoked' | 'changed' | 'certificate-authority'; readonly entry: KnownHost };

/**
 * What the known hosts say about a key that a host has shown. A host that is known by keys of other types only is not
 * new: whoever sits in between could offer just the type that is not known.
 */
export function judgeKey(entries: readonly KnownHost[], host: string, port: number, key: Buffer): KeyVerdict {
  const name = knownName(host, port);
  const own = entries.filter((entry) => matchesKnownHost(entry, name));
  // As OpenSSH does: on another port, a key known for the host itself is good as well.
  const plain = port === 22 ? [] : entries.filter((entry) => matchesKnownHost(entry, host.toLowerCase()));
  const revoked = [...own, ...plain].find((entry) => entry.marker === 'revoked' && entry.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked };
  const keys = own.filter((entry) => entry.marker === undefined);
  if ([...keys, ...plain].some((entry) => entry.marker === undefined && entry.key.equals(key)))
    return { kind: 'known' };
  const type = keyType(key);
  const other = keys.find((entry) => entry.type === type) ?? keys[0];
  if (other !== undefined) return { kind: 'changed', entry: other };
  const authority = own.find((entry) => entry.marker === 'cert-authority');
  return authority === undefined ? { kind: 'new' } : { kind: 'certificate-authority', entry: authority };
}

/** Types of the keys known for a host: the host is asked for one of these first, or it may show one we cannot compare. */
export function knownTypes(entries: readonly KnownHost[], host: string, port: number): readonly string[] {
  const names = [knownName(host, port), host.toLowerCase()];
  const known = entries.filter(
    (entry) => entry.marker === undefined && names.some((name) => matchesKnownHost(entry, name)),
  );
  return [...new Set(known.map((entry) => entry.type))];
}
