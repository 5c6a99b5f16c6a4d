import { Command } from '@commander-js/extra-typings';
import { ensureBase } from './base.ts';
import { ensureInstalled, labRefusal } from './install.ts';
import { attachLab, createLab, Lab } from './lab.ts';
import { livingLabs, readState } from './state.ts';

const program = new Command('npm run lab --')
  .description('Test hosts in network namespaces, for trying things by hand. See test/lab/README.md.')
  .option('--lab <id>', 'which lab, where several are up')
  .enablePositionalOptions();

const keptLabs = async (): Promise<string[]> => (await livingLabs()).filter((dir) => readState(dir).kept);

const lab = async (): Promise<Lab> => await attachLab(program.opts().lab);

program
  .command('install')
  .description('install what labs need and make the root of their hosts')
  .action(async () => {
    const refusal = labRefusal();
    if (refusal === undefined) {
      await ensureInstalled(console.log);
      await ensureBase(console.log);
      return;
    }
    console.error(`kvmnet: ${refusal}`);
    if (process.env['CI']) process.exitCode = 1; // elsewhere the other tiers go on without it
  });

program
  .command('up')
  .description('bring up a lab, or more hosts in the one that is up; it stays until `down`')
  .argument('[count]', 'how many hosts', Number, 3)
  .option('--systemd', 'hosts with a real systemd, which can reboot; else bare sshd hosts')
  .option('--nics <list>', 'data links and their segments, `eth1=fabric,eth2=none`')
  .option('--prefix <name>', 'what the names of the hosts begin with')
  .action(async (count, { systemd, nics, prefix }) => {
    const isThere = program.opts().lab !== undefined || (await keptLabs()).length > 0;
    const up = isThere ? await lab() : await createLab({ keep: true, log: console.log });
    const options = {
      ...(prefix === undefined ? {} : { prefix }),
      ...(nics === undefined ? {} : { nics: parseNics(nics) }),
    };
    await (systemd === true ? up.systemdHosts(count, options) : up.bareHosts(count, options));
    show(up);
    up.close();
  });

program
  .command('down')
  .description('end the lab, or all labs')
  .option('--all', 'every lab that was brought up to stay')
  .action(async ({ all }) => {
    const labs = all === true ? (await keptLabs()).map((dir) => new Lab(dir)) : [await lab()];
    for (const one of labs) {
      await one.down();
      console.log(`lab ${one.id} is gone`);
    }
  });

program
  .command('status')
  .description('the labs that are up, and their hosts')
  .action(async () => {
    const labs = await livingLabs();
    if (labs.length === 0) console.log('no lab is up');
    for (const dir of labs) show(new Lab(dir));
  });

program
  .command('exec')
  .description('run a command as root in a host, past its sshd')
  .argument('<host>')
  .argument('<command...>')
  .passThroughOptions()
  .action(async (name, command) => {
    const host = (await lab()).host(name);
    const result = await host.outside(plain(command), { timeout: 3600 });
    process.stdout.write(result.stdout);
    process.stderr.write(result.stderr);
    process.exitCode = result.code;
  });

program
  .command('hub')
  .description(
    'run a command on this machine, in the network from which the hosts are reached: a shell, kvmnet, ssh -F …',
  )
  .argument('<command...>')
  .passThroughOptions()
  .action(async (command) => {
    const child = (await lab()).spawn(plain(command), { stdio: 'inherit' });
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
  });

program
  .command('delay')
  .description('make the way to a host longer; 0 makes it direct again')
  .argument('<host>')
  .argument('<rtt-ms>', 'round-trip time', Number)
  .option('--loss <percent>', 'packets lost each way', Number, 0)
  .option('--rate <mbit>', 'megabits a second each way', Number, 0)
  .action(async (host, rttMs, { loss, rate }) => await (await lab()).delay(host, { rttMs, loss, rate }));

/** `exec HOST -- CMD` and `exec HOST CMD` mean the same. */
const plain = (command: readonly string[]): readonly string[] => (command[0] === '--' ? command.slice(1) : command);

function parseNics(list: string): Record<string, { segment: string }> {
  const pairs = list.split(',').map((item) => item.split('='));
  return Object.fromEntries(pairs.map(([nic = '', segment = 'none']) => [nic, { segment }]));
}

function show(up: Lab): void {
  console.log(`lab ${up.id}: ${up.dir}${readState(up.dir).kept ? '' : ' (goes with the program that made it)'}`);
  for (const host of up.hosts) {
    const links = Object.entries(host.record.nics).map(([nic, { segment }]) => ` ${nic}=${segment}`);
    console.log(`  ${host.name.padEnd(12)} ${host.record.kind.padEnd(8)} ${host.address}${links.join('')}`);
  }
  console.log(`  inventory: ${up.inventoryPath}`);
  console.log(`  ssh:       npm run lab -- hub ssh -F ${up.sshConfigPath} HOST`);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`kvmnet: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
