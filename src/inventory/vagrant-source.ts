import { SSHConfig } from 'ssh-config';
import { nodeOf, type YamlNode } from '../lang/index.ts';
import { KvmnetError } from '../util/errors.ts';
import { addGroup, addHost, UNGROUPED, type Draft } from './draft.ts';
import { complaint, run, type RunOptions } from './run.ts';

const CALL = 'vagrant ssh-config';

/** What `vagrant ssh-config` says and the variable that means it. */
const VARIABLES: Readonly<Record<string, string>> = {
  hostname: 'kvmnet_host',
  port: 'kvmnet_port',
  user: 'kvmnet_user',
  identityfile: 'kvmnet_private_key_file',
};

/** The running machines of the Vagrantfile in the working directory (or above it, as Vagrant looks for it). */
export async function readVagrantSource(draft: Draft, options: RunOptions): Promise<void> {
  const { code, stdout, stderr } = await run('vagrant', ['ssh-config'], options);
  if (options.signal?.aborted === true) throw new KvmnetError('interrupted', `${CALL} was interrupted`);
  if (code === 'ENOENT') {
    throw new KvmnetError('inventory', '-i vagrant needs vagrant, which is not installed', {
      hint: 'install vagrant, or give the path of an inventory to -i',
    });
  }
  if (code !== 0) {
    throw new KvmnetError('inventory', `${CALL} failed (${code})${complaint(stderr)}`, {
      hint: 'start the machines with "vagrant up" where the Vagrantfile is',
    });
  }
  const machines = parseSshConfig(stdout);
  if (machines.size === 0) {
    throw new KvmnetError('inventory', `${CALL} named no machine`, { hint: 'start the machines with "vagrant up"' });
  }
  const at = { file: `<${CALL}>`, line: 1, column: 1 };
  for (const [name, vars] of machines) {
    const host = addHost(draft, name, addGroup(draft, UNGROUPED, at), { at, file: undefined });
    for (const [variable, value] of vars) host.vars.set(variable, value);
  }
}

/** Machine names and their connection variables. */
function parseSshConfig(text: string): ReadonlyMap<string, ReadonlyMap<string, YamlNode>> {
  const machines = new Map<string, Map<string, YamlNode>>();
  for (const section of SSHConfig.parse(text)) {
    if (section.type !== SSHConfig.DIRECTIVE || section.param.toLowerCase() !== 'host' || !('config' in section))
      continue;
    const name = textOf(section.value);
    const vars = new Map<string, YamlNode>();
    for (const line of section.config) {
      if (line.type !== SSHConfig.DIRECTIVE) continue;
      const param = line.param.toLowerCase();
      const value = textOf(line.value);
      const at = { file: `<${CALL}>`, line: 1, column: 1, text: `${line.param} ${value}` };
      const variable = VARIABLES[param];
      if (variable !== undefined && !vars.has(variable)) {
        vars.set(variable, nodeOf(param === 'port' ? Number(value) : value, at));
      }
      // A machine made a minute ago has a key that nobody has seen: Vagrant says "no" here, and only of such machines.
      if (param === 'stricthostkeychecking') vars.set('kvmnet_host_key_checking', nodeOf(value, at));
      // Machines of a remote libvirt are reached through that host.
      if (param === 'proxycommand') vars.set('ansible_ssh_common_args', nodeOf(`-o ProxyCommand=${quoted(value)}`, at));
      if (param === 'proxyjump') vars.set('kvmnet_jump', nodeOf(value, at));
    }
    machines.set(name, vars);
  }
  return machines;
}

type Value = string | readonly { readonly val: string; readonly separator: string }[];

const textOf = (value: Value): string =>
  typeof value === 'string' ? value : value.map(({ val, separator }, i) => (i === 0 ? val : separator + val)).join('');

const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
