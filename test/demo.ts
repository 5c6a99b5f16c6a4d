import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host, Lab } from './lab/index.ts';

// `npm run demo`: three test hosts with a real systemd and sshd in network namespaces of their own; plays playbooks/site.yml on
// them twice, so that one can see a run that changes things and one that has nothing to change; and takes all of it away again.

const root = fileURLToPath(new URL('..', import.meta.url));
const main = process.env['KVMNET_MAIN'] ?? join(root, 'dist/src/cli/main.js');

if (!existsSync(main)) must('npm', ['run', '--silent', 'build']);
const { createLab } = await import('./lab/index.ts');
const folder = mkdtempSync(join(tmpdir(), 'kvmnet-demo-'));
const lab = await createLab({ log: (line) => console.log(line) });
try {
  process.exitCode = await demo(lab);
} finally {
  await lab.down();
  rmSync(folder, { recursive: true });
}

async function demo(lab: Lab): Promise<number> {
  console.log('three hosts come up …');
  const hosts = await lab.systemdHosts(3, { prefix: 'kvm', nics: { eth1: { segment: 'fabric' } } });
  const inventory = join(folder, 'demo.yml');
  writeFileSync(inventory, inventoryOf(hosts));
  for (const what of ['the first run changes what has to be changed', 'the second has nothing to do']) {
    const args = ['play', 'playbooks/site.yml', '-i', lab.inventoryPath, '-i', inventory];
    console.log(`\n${what}:\n$ kvmnet play playbooks/site.yml -i demo`);
    const code = await inTerminal(lab, ['node', main, ...args]);
    if (code !== 0) return code;
  }
  return 0;
}

/** The lab's hosts as the playbook wants to see them: what `inventories/prod` says of real ones. */
function inventoryOf(hosts: readonly Host[]): string {
  return [
    'all:',
    '  children:',
    '    kvm:',
    '      hosts:',
    ...hosts.map(({ name, address }) => `        ${name}: { vtep_ip: ${address} }`),
    '      vars:',
    '        underlay: eth0',
    '        uplink: eth1',
    '        management: 10.0.0.0/8',
    '        tenants: [{ name: blue, vni: 100 }, { name: red, vni: 200 }]',
    '',
  ].join('\n');
}

async function inTerminal(lab: Lab, argv: readonly string[]): Promise<number> {
  const child = lab.spawn(argv, { stdio: 'inherit', cwd: root });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function must(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}
