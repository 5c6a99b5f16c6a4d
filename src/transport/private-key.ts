import { readFile } from 'node:fs/promises';
import type { Ssh2 } from './ssh2.ts';

/**
 * The public half of a private key that cannot be opened: from the `.pub` file beside it, or from the clear part of an OpenSSH key
 * file (PROTOCOL.key: magic, cipher, kdf, kdf options, number of keys, public key). With it the agent can be asked for the key.
 */
export async function publicPart(ssh2: Ssh2, path: string, text: Buffer): Promise<Buffer | undefined> {
  const beside = await readFile(`${path}.pub`).catch(() => undefined);
  if (beside !== undefined) {
    const parsed = ssh2.utils.parseKey(beside);
    if (!(parsed instanceof Error)) return parsed.getPublicSSH();
  }
  const armoured = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text.toString('latin1'));
  if (armoured?.[1] === undefined) return undefined;
  const bytes = Buffer.from(armoured[1], 'base64');
  let at = 'openssh-key-v1\0'.length;
  const field = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  try {
    for (let i = 0; i < 3; i++) field();
    at += 4;
    return field();
  } catch {
    return undefined;
  }
}
