const HEADER = '-----BEGIN AGE ENCRYPTED FILE-----';

export const isAgeArmor = (text: string): boolean => text.trimStart().startsWith(HEADER);

// Loaded when the first age text is met: most runs meet none.
const load = () => import('age-encryption');

/** @returns undefined where no secret opens it */
export async function openAge(text: string, secrets: readonly string[]): Promise<Uint8Array | undefined> {
  const { armor, Decrypter } = await load();
  const file = armor.decode(text.trim());
  for (const secret of secrets) {
    const decrypter = new Decrypter();
    const identities = linesOf(secret, /^AGE-SECRET-KEY-/);
    for (const identity of identities) decrypter.addIdentity(identity);
    if (identities.length === 0) decrypter.addPassphrase(secret);
    try {
      return await decrypter.decrypt(file, 'uint8array');
    } catch {
      // The next one may fit.
    }
  }
  return undefined;
}

/** @param secret a passphrase, or lines of recipients (`age1…`) and identities (encrypted for their recipient) */
export async function sealAge(plaintext: string, secret: string): Promise<string> {
  const { armor, Encrypter, identityToRecipient } = await load();
  const encrypter = new Encrypter();
  const recipients = [
    ...linesOf(secret, /^age1/),
    ...(await Promise.all(linesOf(secret, /^AGE-SECRET-KEY-/).map((identity) => identityToRecipient(identity)))),
  ];
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  if (recipients.length === 0) encrypter.setPassphrase(secret);
  return `${armor.encode(await encrypter.encrypt(plaintext)).trim()}\n`;
}

const linesOf = (secret: string, pattern: RegExp): string[] =>
  secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => pattern.test(line));
