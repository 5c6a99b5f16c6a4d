// Runs a TypeScript program of the project from a fresh clone: installs the packages first where they are missing or older than
// the lock file. Plain JavaScript, as nothing else is there yet. Usage: node test/bootstrap.mjs PROGRAM [ARGUMENT...]
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installed = new URL('../node_modules/.package-lock.json', import.meta.url);
const lock = new URL('../package-lock.json', import.meta.url);

const run = (command, args, options) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  return status ?? 1;
};

// `npm ci` would empty the folder that a link points to, which is somebody else's.
const folder = new URL('../node_modules', import.meta.url);
const borrowed = existsSync(folder) && lstatSync(folder).isSymbolicLink();

if (!borrowed && (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs)) {
  process.stdout.write('installing packages …\n');
  const code = run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root });
  if (code !== 0) process.exit(code);
}
const tsx = fileURLToPath(new URL('../node_modules/tsx/dist/cli.mjs', import.meta.url));
process.exit(run(process.execPath, [tsx, ...process.argv.slice(2)]));
