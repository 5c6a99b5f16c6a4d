import type { SourceLocation } from '../util/source.ts';
import type { YamlNode } from './node.ts';
import { isAgeArmor } from './age.ts';
import { isVaultText, type Vault } from './vault.ts';

/** Opens the `!vault` scalars of a tree that are in age's format: binding reads them synchronously. */
export async function unlockScalars(node: YamlNode | undefined, vault: Vault): Promise<void> {
  if (node === undefined) return;
  if (node.kind === 'scalar') {
    if (node.tag === 'vault' && isAgeArmor(node.text)) await vault.unlock(node.text, node.at);
  } else if (node.kind === 'sequence') {
    for (const item of node.items) await unlockScalars(item, vault);
  } else for (const { value } of node.entries.values()) await unlockScalars(value, vault);
}

/** The text of a file that may be encrypted as a whole. */
export async function openText(text: string, file: string, vault: Vault): Promise<string> {
  return isVaultText(text) ? vault.unlock(text, beginning(text, file)) : text;
}

/** What is in a file that is encrypted as a whole. */
export const openFile = (text: string, file: string, vault: Vault): Promise<Uint8Array> =>
  vault.unlockBytes(text, beginning(text, file));

const beginning = (text: string, file: string): SourceLocation => ({
  file,
  line: 1,
  column: 1,
  text: text.split('\n', 1)[0] ?? '',
});
