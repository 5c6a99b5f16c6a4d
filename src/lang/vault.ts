import { KvmnetError } from '../util/errors.ts';
import type { SourceLocation } from '../util/source.ts';
import { isAgeArmor, openAge, sealAge } from './age.ts';
import type { YamlNode } from './node.ts';
import { parseYaml } from './yaml.ts';
import { isAnsibleVault, openEnvelope, parseEnvelope, sealEnvelope } from './ansible-vault.ts';

/** A password, or an age identity (`AGE-SECRET-KEY-1…`, one or more lines), under its vault id. */
export interface VaultSecret {
  /** `default` where the user named none. */
  readonly id: string;
  readonly secret: string;
}

export interface Vault {
  /**
   * The text of a `!vault` scalar. age's own format is opened asynchronously, so such scalars have to be given to
   * `unlock` first (`unlockScalars` does that for a whole tree).
   * @throws KvmnetError code `vault`
   */
  decrypt(text: string, at?: SourceLocation): string;
  /** The text of either format. */
  unlock(text: string, at?: SourceLocation): Promise<string>;
  /** The same for what need not be text, such as a key in binary form. */
  unlockBytes(text: string, at?: SourceLocation): Promise<Uint8Array>;
}

export const isVaultText = (text: string): boolean => isAnsibleVault(text) || isAgeArmor(text);

/** @param onSecret is told every text that was decrypted, so that it can be hidden in reports */
export function createVault(
  secrets: readonly VaultSecret[],
  onSecret: (text: string) => void = () => undefined,
): Vault {
  const opened = new Map<string, string>();
  const files = new Map<string, Uint8Array>();
  const keep = (text: string, plaintext: string): string => {
    opened.set(text, plaintext);
    onSecret(plaintext);
    for (const value of valuesIn(plaintext)) onSecret(value);
    return plaintext;
  };
  const decrypt = (text: string, at?: SourceLocation): string => {
    const known = opened.get(text);
    if (known !== undefined) return known;
    if (isAgeArmor(text)) throw new Error('an age text is read before it was unlocked');
    return keep(text, openAnsible(text, secrets, at).toString('utf8'));
  };
  const openAgeBytes = async (text: string, at: SourceLocation | undefined): Promise<Uint8Array> => {
    const bytes = await openAge(
      text,
      secrets.map(({ secret }) => secret),
    );
    if (bytes === undefined) throw refused(secrets, undefined, at);
    return bytes;
  };
  return {
    decrypt,
    async unlock(text, at) {
      const known = opened.get(text);
      if (known !== undefined) return known;
      if (!isAgeArmor(text)) return decrypt(text, at);
      return keep(text, Buffer.from(await openAgeBytes(text, at)).toString('utf8'));
    },
    async unlockBytes(text, at) {
      const known = files.get(text);
      if (known !== undefined) return known;
      const bytes = isAgeArmor(text) ? await openAgeBytes(text, at) : openAnsible(text, secrets, at);
      files.set(text, bytes);
      onSecret(Buffer.from(bytes).toString('utf8'));
      return bytes;
    },
  };
}

// Of a file of variables each value is a secret by itself. Shorter ones (`yes`, `22`) would hide half of every report.
const MIN_VALUE = 4;

/** The values of a text that is a file of variables. */
function valuesIn(text: string): readonly string[] {
  const { root } = parseYaml(text, '<decrypted>');
  return root === undefined || root.kind === 'scalar' ? [] : scalarsOf(root).filter((each) => each.length >= MIN_VALUE);
}

function scalarsOf(node: YamlNode): readonly string[] {
  if (node.kind === 'scalar') return typeof node.value === 'boolean' || node.value === null ? [] : [node.text];
  if (node.kind === 'sequence') return node.items.flatMap(scalarsOf);
  return [...node.entries.values()].flatMap(({ value }) => scalarsOf(value));
}

function openAnsible(text: string, secrets: readonly VaultSecret[], at: SourceLocation | undefined): Buffer {
  if (!isAnsibleVault(text))
    throw new KvmnetError('vault', 'this is not a vault text', {
      at,
      hint: 'it begins with $ANSIBLE_VAULT or -----BEGIN AGE ENCRYPTED FILE-----; make one with "kvmnet vault encrypt-string"',
    });
  let envelope: ReturnType<typeof parseEnvelope>;
  try {
    envelope = parseEnvelope(text);
  } catch (error) {
    throw new KvmnetError('vault', (error as Error).message, { at, cause: error });
  }
  const { id } = envelope;
  const ordered = id === undefined ? secrets : secrets.toSorted((a, b) => Number(b.id === id) - Number(a.id === id));
  for (const { secret } of ordered) {
    const plaintext = openEnvelope(envelope, secret);
    if (plaintext !== undefined) return plaintext;
  }
  throw refused(secrets, id, at);
}

function refused(secrets: readonly VaultSecret[], id: string | undefined, at: SourceLocation | undefined): KvmnetError {
  const wanted = id === undefined ? '' : ` (vault id "${id}")`;
  if (secrets.length === 0)
    return new KvmnetError('vault', `an encrypted value${wanted}, and no vault password was given`, {
      at,
      hint: 'give one with --vault-password-file FILE or --vault-id ID@FILE',
    });
  const ids = secrets.map((secret) => `"${secret.id}"`).join(', ');
  return new KvmnetError('vault', `no vault password opens this${wanted}; tried: ${ids}`, {
    at,
    hint: 'check the password, or give the right one with --vault-id ID@FILE',
  });
}

/**
 * Encrypts so that Ansible can read it (1.1, or 1.2 for a vault id other than `default`); with an age identity or
 * recipient as the secret (`AGE-SECRET-KEY-1…`, `age1…`), as an armored age file.
 */
export async function encryptText(
  plaintext: string,
  secret: VaultSecret,
  format: 'ansible' | 'age' = 'ansible',
): Promise<string> {
  if (format === 'age' || /^(?:AGE-SECRET-KEY-|age1)/m.test(secret.secret)) return sealAge(plaintext, secret.secret);
  return sealEnvelope(plaintext, secret.secret, secret.id);
}
