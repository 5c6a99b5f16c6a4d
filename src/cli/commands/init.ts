import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KvmnetError } from '../../util/errors.ts';
import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { projectFiles } from '../init/project-files.ts';

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const about = 'Starts a project: an inventory, a playbook and a project file that work as they are.';
  const command = createCommand(cli, 'init', about).argument(
    '<dir>',
    'a folder; it is made where there is none, and nothing in it is overwritten',
  );
  const [name] = parseArguments(command, args).processedArgs;
  const folder = resolve(cli.cwd, name);
  const taken = Object.keys(projectFiles).filter((path) => existsSync(join(folder, path)));
  if (taken.length > 0) {
    throw new KvmnetError('usage', `${name} already has ${taken.join(', ')}`, { hint: 'choose another folder' });
  }
  for (const [path, text] of Object.entries(projectFiles)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
    cli.print(join(name, path));
  }
  const enter = folder === cli.cwd ? '' : `cd ${name} && `;
  cli.note(`\nnow: ${enter}kvmnet play site.yml --check --diff`);
  return 0;
}
