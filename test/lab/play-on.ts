import { fileURLToPath } from 'node:url';
import type { HostRecap, RunEvent, TaskEvent } from '../../src/engine/index.ts';
import type { Lab, RunOptions } from './index.ts';

/** The command under test; `KVMNET_MAIN` where it is another build than that in `dist`. */
export const main = process.env['KVMNET_MAIN'] ?? fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** A host of the lab, or another one that an inventory given with `-i` has. */
interface Named {
  readonly name: string;
}

/** What one run of the real command has come to. */
export interface Played {
  readonly code: number;
  readonly seconds: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly events: readonly RunEvent[];
  readonly tasks: readonly TaskEvent[];
  recap(host: Named): HostRecap;
}

/** Runs `kvmnet play FILE` as its user does, from the hub of the lab, on one host or several. */
export async function playOn(
  lab: Lab,
  file: string,
  hosts: Named | readonly Named[],
  args: readonly string[] = [],
): Promise<Played> {
  const names = [hosts].flat().map(({ name }) => name);
  return await kvmnetOn(lab, ['play', file, '-l', names.join(','), ...args]);
}

/** Runs kvmnet with the lab's inventory and reads its events. */
export async function kvmnetOn(lab: Lab, args: readonly string[], options?: RunOptions): Promise<Played> {
  return await commandOn(lab, 'kvmnet "$@"', args, options);
}

/** The same with a command line as in the documentation, `kvmnet MODULE PATTERN …`; further arguments go where `"$@"` is. */
export async function commandOn(
  lab: Lab,
  command: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Played> {
  const started = performance.now();
  const line = `kvmnet() { exec node "$KVMNET_MAIN" "$@"; }; ${command}`;
  const argv = ['sh', '-c', line, 'sh', ...args, '-i', lab.inventoryPath, '--report', 'jsonl'];
  const env = { KVMNET_MAIN: main, ...options.env };
  const { code, stdout, stderr } = await lab.run(argv, { timeout: 300, ...options, env });
  const seconds = (performance.now() - started) / 1000;
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent);
  const recaps = events.findLast((event) => event.type === 'recap')?.hosts ?? {};
  return {
    code,
    seconds,
    stdout,
    stderr,
    events,
    tasks: events.filter((event) => event.type === 'task'),
    recap(host) {
      const recap = recaps[host.name];
      if (recap === undefined) throw new Error(`no recap of ${host.name}: exit ${code}\n${stdout}\n${stderr}`);
      return recap;
    },
  };
}
