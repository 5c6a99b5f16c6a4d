import { once } from 'node:events';
import { join } from 'node:path';
import type { RunEvent, TaskEvent } from '../../src/engine/index.ts';
import type { Host, Lab } from './index.ts';
import { at, command, folderOf, inventoryOf } from './terminal.ts';

/** How a run that was started in the background has ended. */
export interface Ended {
  /** Null: killed. */
  readonly code: number | null;
  readonly seconds: number;
  readonly events: readonly RunEvent[];
  readonly tasks: readonly TaskEvent[];
  readonly stderr: string;
  /** What a task of that name, or module, has come to on a host. */
  task(host: Host, name: string): TaskEvent | undefined;
}

export interface Background {
  /** The controller. */
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly events: () => readonly RunEvent[];
  readonly ended: Promise<Ended>;
}

interface StartOptions {
  readonly args?: readonly string[];
  /** Connection variables of all hosts. */
  readonly vars?: Readonly<Record<string, string | number>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Of the controller. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a play and leaves it running. The folder of the playbook goes with the test. */
export function startPlay(
  lab: Lab,
  hosts: Host | readonly Host[],
  text: string,
  { args = [], vars = {}, files = {}, env = {} }: StartOptions = {},
): Background {
  const inventory = inventoryOf(lab, Object.fromEntries([hosts].flat().map((host) => [host.name, at(host, vars)])));
  const cwd = folderOf({ 'hosts.json': inventory, 'site.yml': text, ...files });
  const site = ['play', join(cwd, 'site.yml'), '-i', join(cwd, 'hosts.json'), '--report', 'jsonl'];
  const started = performance.now();
  const child = lab.spawn([...command, ...site, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const events = (): readonly RunEvent[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as RunEvent);
  const ended = once(child, 'close').then(([code]): Ended => {
    const all = events();
    const tasks = all.filter((event) => event.type === 'task');
    return {
      code: code as number | null,
      seconds: (performance.now() - started) / 1000,
      events: all,
      tasks,
      stderr,
      task: (host, name) => tasks.findLast((t) => t.host === host.name && (t.task === name || t.module === name)),
    };
  });
  return { pid: child.pid ?? 0, kill: (signal) => child.kill(signal), events, ended };
}

/** The same, waited for. */
export const play = (lab: Lab, hosts: Host | readonly Host[], text: string, options?: StartOptions): Promise<Ended> =>
  startPlay(lab, hosts, text, options).ended;
