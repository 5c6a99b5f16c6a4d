import type { CommandModule } from './cli.ts';

interface CommandEntry {
  readonly name: string;
  /** Its arguments, for the list of commands. */
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
  /** Not for people. */
  readonly hidden?: true;
}

/** All commands. Each is loaded when it is called; everything else on the command line is the name of a module. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'play',
    usage: 'PLAYBOOK... -i SOURCE',
    summary: 'play playbooks on the hosts of an inventory',
    load: () => import('./commands/play.ts'),
  },
  {
    name: 'facts',
    usage: 'PATTERN -i SOURCE',
    summary: 'show what is known about hosts, as JSON',
    load: () => import('./commands/facts.ts'),
  },
  {
    name: 'inventory',
    usage: '-i SOURCE --list',
    summary: 'show an inventory as kvmnet understands it',
    load: () => import('./commands/inventory.ts'),
  },
  {
    name: 'history',
    usage: '[RUN]',
    summary: 'list the runs that have changed something, or show one of them',
    load: () => import('./commands/history.ts'),
  },
  {
    name: 'undo',
    usage: 'RUN -i SOURCE',
    summary: 'take back what a run has changed',
    load: () => import('./commands/undo.ts'),
  },
  { name: 'doc', usage: '[MODULE]', summary: 'explain modules', load: () => import('./commands/doc.ts') },
  {
    name: 'schema',
    usage: '[playbook|inventory|MODULE]',
    summary: 'print a JSON Schema, for editors',
    load: () => import('./commands/schema.ts'),
  },
  {
    name: 'lint',
    usage: 'PATH...',
    summary: 'find the mistakes in playbooks, roles and inventories',
    load: () => import('./commands/lint.ts'),
  },
  {
    name: 'vault',
    usage: 'ACTION ...',
    summary: 'encrypt and decrypt secrets',
    load: () => import('./commands/vault.ts'),
  },
  { name: 'init', usage: 'DIR', summary: 'start a project', load: () => import('./commands/init.ts') },
  {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'print a completion script for a shell',
    load: () => import('./commands/completion.ts'),
  },
  {
    name: '__complete',
    usage: '',
    summary: '',
    load: () => import('./commands/complete.ts'),
    hidden: true,
  },
];
