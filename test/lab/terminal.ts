import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Host, Lab } from './index.ts';

/** The compiled command, as installed. */
export const command: readonly string[] = [
  process.execPath,
  process.env['KVMNET_MAIN'] ?? fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url)),
];

/** What a person or a log gets to see. */
export interface Shown {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with these files, gone when the test has ended. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-lab-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

interface HostVars {
  readonly [name: string]: string | number;
}

/** An inventory with some hosts of the lab, or others, each with variables of its own. */
export function inventoryOf(lab: Lab, hosts: Readonly<Record<string, HostVars>>): string {
  const all = Object.fromEntries(
    Object.entries(hosts).map(([name, vars]) => [name, { kvmnet_connect_retries: 0, ...vars }]),
  );
  return JSON.stringify({
    all: { hosts: all, vars: { kvmnet_user: 'root', kvmnet_private_key_file: lab.privateKeyPath } },
  });
}

export const at = (host: Host, vars: HostVars = {}): HostVars => ({ kvmnet_host: host.address, ...vars });

/** Plays tasks on hosts, with the report that logs get. */
export async function playTasks(
  lab: Lab,
  tasks: string,
  hosts: Readonly<Record<string, HostVars>>,
  files: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const cwd = folderOf({ 'hosts.json': inventoryOf(lab, hosts), 'site.yml': playbook(tasks), ...files });
  return await run(lab, ['play', 'site.yml', '-i', 'hosts.json', ...args], cwd, env);
}

export async function run(
  lab: Lab,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const { code, stdout, stderr } = await lab.run([...command, ...args], { cwd, env });
  return { code, stdout: steady(stdout), stderr };
}

export const playbook = (tasks: string): string =>
  `- name: test\n  hosts: all\n  gather_facts: false\n  tasks:\n${tasks}`;

/** Without what is different each time. */
export const steady = (text: string): string =>
  text
    .replace(/[\d.]+ s, run \S+$/m, '… s, run …')
    .replaceAll(/SHA256:[\w+/]+/g, 'SHA256:…')
    .trimEnd();
