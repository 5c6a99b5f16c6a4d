import type { Cli } from '../cli.ts';
import { createCommand, parseArguments } from '../command.ts';
import { completionScripts, shells } from '../completion/scripts.ts';
import { KvmnetError } from '../../util/errors.ts';
import { didYouMean } from '../../util/suggest.ts';

export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const about = 'Prints a script with which a shell completes the arguments of kvmnet.';
  const command = createCommand(cli, 'completion', about)
    .argument('<shell>', shells.join(', '))
    .addHelpText(
      'after',
      `
For this and all later sessions:
  bash  kvmnet completion bash > ~/.local/share/bash-completion/completions/kvmnet
  zsh   kvmnet completion zsh > "\${fpath[1]}/_kvmnet"
  fish  kvmnet completion fish > ~/.config/fish/completions/kvmnet.fish`,
    );
  const [name] = parseArguments(command, args).processedArgs;
  const shell = shells.find((known) => known === name);
  if (shell === undefined)
    throw new KvmnetError('usage', `unknown shell "${name}"`, { hint: didYouMean(name, shells) });
  cli.print(completionScripts[shell]);
  return 0;
}
