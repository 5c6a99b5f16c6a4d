import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

// Ansible Vault 1.1 and 1.2: see "Ansible Vault payload format" in Ansible's documentation.
const ITERATIONS = 10_000;
const BLOCK = 16;

export interface AnsibleEnvelope {
  /** The vault id of format 1.2; undefined in 1.1. */
  readonly id: string | undefined;
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly ciphertext: Buffer;
}

export const isAnsibleVault = (text: string): boolean => text.trimStart().startsWith('$ANSIBLE_VAULT;');

/** @throws Error where the text is damaged or of another version */
export function parseEnvelope(text: string): AnsibleEnvelope {
  const [header = '', ...body] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.trim());
  const [, version, cipher, id] = header.split(';');
  if (version !== '1.1' && version !== '1.2')
    throw new Error(`vault format ${version ?? '?'} is not known, only 1.1 and 1.2`);
  if (cipher !== 'AES256') throw new Error(`vault cipher ${cipher ?? '?'} is not known, only AES256`);
  const [salt, hmac, ciphertext] = unhex(body.join('')).toString('latin1').split('\n').map(unhex);
  if (salt === undefined || hmac?.length !== 32 || ciphertext === undefined || ciphertext.length % BLOCK !== 0)
    throw new Error('the vault text is damaged');
  return { id: version === '1.2' ? id : undefined, salt, hmac, ciphertext };
}

function unhex(text: string): Buffer {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new Error('the vault text is damaged: not hexadecimal');
  return Buffer.from(text, 'hex');
}

/** @returns undefined where the password is wrong */
export function openEnvelope(envelope: AnsibleEnvelope, password: string): Buffer | undefined {
  const keys = deriveKeys(password, envelope.salt);
  const hmac = createHmac('sha256', keys.hmac).update(envelope.ciphertext).digest();
  if (!timingSafeEqual(hmac, envelope.hmac)) return undefined;
  const decipher = createDecipheriv('aes-256-ctr', keys.cipher, keys.iv);
  const padded = Buffer.concat([decipher.update(envelope.ciphertext), decipher.final()]);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
}

/** Format 1.1, or 1.2 where a vault id other than `default` is given, as `ansible-vault` writes it. */
export function sealEnvelope(plaintext: string, password: string, id: string, salt = randomBytes(32)): string {
  const keys = deriveKeys(password, salt);
  const bytes = Buffer.from(plaintext, 'utf8');
  const fill = BLOCK - (bytes.length % BLOCK);
  const cipher = createCipheriv('aes-256-ctr', keys.cipher, keys.iv);
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.update(Buffer.alloc(fill, fill)), cipher.final()]);
  const hmac = createHmac('sha256', keys.hmac).update(ciphertext).digest();
  const body = Buffer.from([salt, hmac, ciphertext].map((part) => part.toString('hex')).join('\n')).toString('hex');
  const header = id === 'default' ? '$ANSIBLE_VAULT;1.1;AES256' : `$ANSIBLE_VAULT;1.2;AES256;${id}`;
  return `${[header, ...(body.match(/.{1,80}/g) ?? [])].join('\n')}\n`;
}

function deriveKeys(password: string, salt: Buffer) {
  const derived = pbkdf2Sync(password, salt, ITERATIONS, 80, 'sha256');
  return { cipher: derived.subarray(0, 32), hmac: derived.subarray(32, 64), iv: derived.subarray(64, 80) };
}
