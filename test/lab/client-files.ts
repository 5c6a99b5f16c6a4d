import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHandle } from './handle.ts';
import { readState } from './state.ts';
import type { HostRecord } from './wiring.ts';

/**
 * Writes what clients need to reach all hosts: ssh's config and known_hosts, kvmnet's inventory. Keys of machines that are not
 * hosts of the lab but are in its network are in `more_known_hosts`.
 */
export async function writeClientFiles(lab: LabHandle): Promise<void> {
  const { hosts } = readState(lab.dir);
  await writeFile(lab.sshConfigPath, sshConfig(lab));
  await chmod(lab.sshConfigPath, 0o600);
  const more = await readFile(join(lab.dir, 'more_known_hosts'), 'utf8').catch(() => '');
  await writeFile(lab.knownHostsPath, `${hosts.map((host) => knownHost(lab, host)).join('')}${more}`);
  await writeFile(lab.inventoryPath, inventory(lab, hosts));
}

/** The public key a host was started with, `ssh-ed25519 AAAA…`. */
export function hostKeyOf(dir: string, host: HostRecord): string {
  const [type, key] = readFileSync(join(dir, 'hosts', host.name, 'ssh_host_ed25519_key.pub'), 'utf8').split(' ');
  return `${type} ${key}`;
}

const knownHost = (lab: LabHandle, host: HostRecord): string =>
  `${host.name},${host.address},${host.address6} ${hostKeyOf(lab.dir, host)}\n`;

// OpenSSH takes the home from the user database, not from HOME: every path is spelled out.
const sshConfig = (lab: LabHandle): string =>
  [
    ...readState(lab.dir).hosts.map(
      (host) => `Host ${host.name}\n  HostName ${host.address}\n  HostKeyAlias ${host.name}\n`,
    ),
    'Host *',
    '  User root',
    `  IdentityFile ${lab.privateKeyPath}`,
    `  UserKnownHostsFile ${lab.knownHostsPath}`,
    '  GlobalKnownHostsFile /dev/null',
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  BatchMode yes',
    '  ConnectTimeout 10',
    '  LogLevel ERROR',
    '',
  ].join('\n');

function inventory(lab: LabHandle, hosts: readonly HostRecord[]): string {
  const group = (kind: string): string[] => {
    const members = hosts.filter((host) => host.kind === kind);
    if (members.length === 0) return [];
    return [`    ${kind}:`, '      hosts:', ...members.map((h) => `        ${h.name}: { kvmnet_host: ${h.address} }`)];
  };
  const groups = [...group('bare'), ...group('systemd')];
  return [
    'all:',
    '  vars:',
    '    kvmnet_user: root',
    `    kvmnet_private_key_file: ${JSON.stringify(lab.privateKeyPath)}`,
    ...(groups.length === 0 ? [] : ['  children:', ...groups]),
    '',
  ].join('\n');
}
