import type { ControllerFiles } from '../module.ts';
import type { Content } from '../step.ts';
import { sha256Of } from './status.ts';

/** Content to be put on a host, and its hash. */
export interface SourceContent {
  readonly sha256: string;
  /** Mode of the file on the controller, where it is one. */
  readonly mode?: string;
  readonly content: Content;
  /** It was encrypted with the vault: not to be shown. */
  readonly secret?: true;
}

/** Up to here text travels with the steps and costs no round trip of its own; bytes grow fivefold when quoted. */
const inlineText = 64 * 1024;
const inlineBytes = 8 * 1024;

/** A file of the controller (an absolute path): its content if it is small, else a reference to it. */
export async function fileContent(path: string, files: ControllerFiles): Promise<SourceContent> {
  const { sha256, size, mode, encrypted } = await files.stat(path);
  if (encrypted === true) {
    // What is decrypted stands in no file that could be sent.
    const bytes = await files.read(path);
    return { sha256: sha256Of(bytes), mode, content: textOf(bytes) ?? bytes, secret: true };
  }
  if (size > inlineText) return { sha256, mode, content: { file: path, sha256, size } };
  const bytes = await files.read(path);
  const text = textOf(bytes);
  if (text === undefined && size > inlineBytes) return { sha256, mode, content: { file: path, sha256, size } };
  return { sha256: sha256Of(bytes), mode, content: text ?? bytes };
}

export const textContent = (text: string): SourceContent => ({ sha256: sha256Of(text), content: inlineable(text) });

/** A NUL cannot stand in a shell word. */
const inlineable = (text: string): Content => (text.includes('\0') ? Buffer.from(text) : text);

/** The text that these bytes are in UTF-8; undefined for anything binary. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
