import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';

/**
 * Opens a text in the editor of the person; nobody else can read the file that it is in meanwhile.
 * @throws KvmnetError code `io` where the editor fails: then nothing counts as changed
 */
export async function editText(cli: Cli, name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(cli.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'kvmnet-vault-'));
  try {
    const file = join(folder, basename(name));
    await writeFile(file, text, { mode: 0o600 });
    await runEditor(cli.env['VISUAL'] ?? cli.env['EDITOR'] ?? 'vi', file);
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `$EDITOR` may hold arguments, so a shell takes it apart, as it does for other programs. */
async function runEditor(editor: string, file: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  throw new KvmnetError('io', `the editor ended with exit code ${code ?? 'none'}: nothing was changed`, {
    hint: `it was: ${editor}`,
  });
}
