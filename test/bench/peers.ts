import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLab, type Host, type Lab } from '../lab/index.ts';
import { must, run } from '../lab/process.ts';
import { median, range, seconds, timed } from './measure.ts';

// `npm run bench:peers [-- HOSTS [ROUNDS]]`: kvmnet beside Ansible, tuned, and Ansible with Mitogen: the same twenty tasks with
// nothing to change, each as a whole process, in turn, in one run on the lab. The lab's hosts have no Python: they are given one
// here, from Debian's packages, because the peers need it.

const count = Number(process.argv[2] ?? 10);
const rounds = Number(process.argv[3] ?? 3);
const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const main = process.env['KVMNET_MAIN'] ?? join(root, 'dist/src/cli/main.js');

const python = ['python3-minimal', 'python3.11-minimal', 'libpython3.11-minimal', 'libpython3.11-stdlib', 'libexpat1'];
const mitogen = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy';

await must(['sh', join(root, 'test/lab/sh/apt-install.sh'), 'ansible', 'ansible-mitogen'], { timeout: 1800 });
const folder = mkdtempSync(join(tmpdir(), 'kvmnet-peers-'));
const lab = await createLab({ log: console.log });
try {
  await compare(lab);
} finally {
  await lab.down();
  rmSync(folder, { recursive: true });
}

async function compare(lab: Lab): Promise<void> {
  const hosts = await lab.bareHosts(count);
  await givePython(hosts);
  const ansible = (strategy: string): { argv: readonly string[]; env: Record<string, string> } => ({
    argv: ['ansible-playbook', '-i', lab.inventoryPath, join(here, 'site-ansible.yml')],
    env: { ANSIBLE_CONFIG: ansibleConfig(lab, strategy), ANSIBLE_LOCALHOST_WARNING: 'false', ANSIBLE_NOCOLOR: '1' },
  });
  const tools = [
    {
      name: 'kvmnet',
      argv: ['node', main, 'play', join(here, 'site.yml'), '-i', lab.inventoryPath, '-f', String(count)],
      env: {},
    },
    { name: 'Ansible, tuned, with Mitogen', ...ansible('mitogen_linear') },
    { name: 'Ansible, tuned', ...ansible('linear') },
  ];
  const times = new Map<string, number[]>(tools.map(({ name }) => [name, []]));
  // The first round brings every host to where nothing has to change.
  for (let round = 0; round <= rounds; round++) {
    for (const { name, argv, env } of tools) {
      const { seconds: took } = await timed(lab, argv, env);
      if (round > 0) times.get(name)?.push(took);
    }
  }
  const ours = times.get('kvmnet') ?? [];
  console.log(`${count} hosts, 20 tasks, nothing to change, ${rounds} rounds`);
  for (const [name, took] of times) {
    const ratio = median(took.map((time, i) => time / (ours[i] ?? Number.NaN)));
    console.log(
      `${name.padEnd(30)} ${seconds(median(took)).padStart(9)}  (${range(took)})  ${ratio.toFixed(1)} times kvmnet`,
    );
  }
}

/** What a user does who wants Ansible to be quick: one connection kept, pipelining, no facts, as many forks as hosts. */
function ansibleConfig(lab: Lab, strategy: string): string {
  const path = join(folder, `${strategy}.cfg`);
  const text = `[defaults]
forks = ${count}
gathering = explicit
host_key_checking = false
interpreter_python = /usr/bin/python3
strategy = ${strategy}
${strategy === 'linear' ? '' : `strategy_plugins = ${mitogen}\n`}retry_files_enabled = false
[ssh_connection]
pipelining = true
ssh_args = -F ${lab.sshConfigPath} -o ControlMaster=auto -o ControlPersist=60s -o KexAlgorithms=curve25519-sha256
control_path_dir = ${folder}/cp
`;
  writeFileSync(path, text);
  return path;
}

async function givePython(hosts: readonly Host[]): Promise<void> {
  const tree = join(folder, 'python');
  await must(
    [
      'sh',
      '-c',
      `mkdir "$1" && cd "$1" && shift && apt-get -q download "$@" && for d in *.deb; do dpkg -x "$d" . && rm "$d"; done`,
      'sh',
      tree,
      ...python,
    ],
    { timeout: 300 },
  );
  const archive = join(folder, 'python.tar');
  await must(['tar', '-C', tree, '--exclude=./usr/share', '-cf', archive, '.']);
  for (const host of hosts) {
    const { code, stderr } = await run([
      'sh',
      '-c',
      'exec "$@" <"$0"',
      archive,
      ...host.entering(['tar', '-C', '/', '--keep-directory-symlink', '-xf', '-']),
    ]);
    if (code !== 0) throw new Error(`${host.name} did not take Python: ${stderr}`);
  }
}
