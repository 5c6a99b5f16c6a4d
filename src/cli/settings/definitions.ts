import { z } from 'zod';
import { bool, int, seconds } from '../../sdk/index.ts';
import type { Json } from '../../util/json.ts';

/** Takes one value or several: flags that may be repeated, lists in the project file. */
const many = () =>
  z
    .union([z.string(), z.array(z.string())], { error: 'expected text or a list of texts' })
    .transform((v) => [v].flat());

/** As `many`, and commas separate as well. */
const manyWords = () =>
  many().transform((all) =>
    all
      .flatMap((v) => v.split(','))
      .map((v) => v.trim())
      .filter((v) => v !== ''),
  );

const text = () => z.string({ error: 'expected text' }).min(1, { error: 'is empty' });

/** Extra variables are texts on the command line and a map in the project file. Gives a list: later ones win. */
const extraVars = () =>
  z
    .union([z.string(), z.array(z.string()), z.record(z.string(), z.json())], { error: 'expected a map of variables' })
    .transform((value): readonly (string | Readonly<Record<string, Json>>)[] => [value].flat());

interface Definition {
  /** As commander writes them. */
  readonly flags: string;
  readonly description: string;
  readonly schema: z.ZodType;
  /** What several occurrences of the flag mean: a list of their values, or their number. */
  readonly repeat?: 'collect' | 'count';
  /** It belongs to one run: neither the project file nor the environment may set it. */
  readonly once?: true;
}

/**
 * Every setting that commands share, by its name in the project file (`kvmnet.yml`). The flag is the same with `-`, the
 * environment variable is `KVMNET_` and the name in capitals.
 */
export const definitions = {
  inventory: {
    flags: '-i, --inventory <source>',
    description: 'file, folder, name under inventories/, or "host1,host2,"; may be repeated',
    schema: many(),
    repeat: 'collect',
  },
  limit: {
    flags: '-l, --limit <pattern>',
    description: 'only hosts that this pattern (or @file) means',
    schema: text(),
    once: true,
  },
  forks: {
    flags: '-f, --forks <number>',
    description: 'how many hosts are worked on at the same time (default: 50)',
    schema: int({ min: 1, max: 10_000, what: 'a number of hosts' }),
  },
  extra_vars: {
    flags: '-e, --extra-vars <vars>',
    description: 'variables that win over all others: key=value, JSON, or @file; may be repeated',
    schema: extraVars(),
    repeat: 'collect',
  },
  become: { flags: '-b, --become', description: 'become another user (root) on the hosts', schema: bool() },
  become_user: { flags: '--become-user <user>', description: 'the user to become (default: root)', schema: text() },
  become_method: {
    flags: '--become-method <method>',
    description: 'how: sudo, su or doas (default: sudo)',
    schema: z.enum(['sudo', 'su', 'doas'], { error: 'expected sudo, su or doas' }),
  },
  ask_become_password: {
    flags: '-K, --ask-become-password',
    description: 'ask for the password of becoming another user',
    schema: bool(),
  },
  vault_id: {
    flags: '--vault-id <id@source>',
    description: 'vault password under an id: ID@FILE, ID@prompt; may be repeated',
    schema: many(),
    repeat: 'collect',
  },
  vault_password_file: {
    flags: '--vault-password-file <file>',
    description: 'file with the vault password, or a program that prints it; may be repeated',
    schema: many(),
    repeat: 'collect',
  },
  tags: {
    flags: '-t, --tags <tags>',
    description: 'only tasks with one of these tags',
    schema: manyWords(),
    repeat: 'collect',
    once: true,
  },
  skip_tags: {
    flags: '--skip-tags <tags>',
    description: 'no tasks with one of these tags',
    schema: manyWords(),
    repeat: 'collect',
    once: true,
  },
  check: { flags: '-C, --check', description: 'change nothing, say what would be changed', schema: bool(), once: true },
  diff: { flags: '-D, --diff', description: 'show changed texts line by line', schema: bool() },
  start_at_task: {
    flags: '--start-at-task <name>',
    description: 'begin with the task of this name',
    schema: text(),
    once: true,
  },
  step: { flags: '--step', description: 'ask before each task', schema: bool(), once: true },
  report: {
    flags: '--report <kind>',
    description: 'tty, lines, jsonl or junit; :FILE behind it sends it to a file; may be repeated',
    schema: many(),
    repeat: 'collect',
  },
  reboot: {
    flags: '--reboot <policy>',
    description: 'what reboot tasks may do: auto, ask or never (default: auto)',
    schema: z.enum(['auto', 'ask', 'never'], { error: 'expected auto, ask or never' }),
  },
  confirm_timeout: {
    flags: '--confirm-timeout <seconds>',
    description: 'time in which a change of our own path must prove itself before the host takes it back (default: 60)',
    schema: seconds(),
  },
  confirm: { flags: '--no-confirm', description: 'change our own path without that safety net', schema: bool() },
  lock_timeout: {
    flags: '--lock-timeout <seconds>',
    description: 'how long to wait for another run that changes a host, before giving that host up (default: 60)',
    schema: seconds(),
  },
  exit_code: {
    flags: '--exit-code',
    description: 'with --check: exit with 3 where something would change',
    schema: bool(),
  },
  flush_cache: {
    flags: '--flush-cache',
    description: 'forget facts that were kept from earlier runs',
    schema: bool(),
    once: true,
  },
  runs_dir: {
    flags: '--runs-dir <folder>',
    description:
      'where the journals of runs are kept (default: .kvmnet/runs beside kvmnet.yml, or beside the playbook)',
    schema: text(),
  },
  runs_keep: {
    flags: '--runs-keep <number>',
    description: 'how many runs the journal keeps (default: 200)',
    schema: int({ min: 1, max: 1_000_000, what: 'a number of runs' }),
  },
  runs_days: {
    flags: '--runs-days <days>',
    description: 'for how long the journal keeps a run, and hosts what its undo needs (default: 90)',
    schema: int({ min: 1, max: 36_500, what: 'a number of days' }),
  },
  undo_keep: {
    flags: '--undo-keep <number>',
    description: 'for how many runs a host keeps what undos need; 0 for none (default: 20)',
    schema: int({ min: 0, max: 10_000, what: 'a number of runs' }),
  },
  verbose: {
    flags: '-v, --verbose',
    description: 'say more: -v results that are ok, -vv whole values and times, -vvv each step',
    schema: int({ min: 0, max: 9 }),
    repeat: 'count',
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type SettingName = keyof typeof definitions;

/** The settings of one command run; what nobody has set is left out. */
export type Settings = { readonly [K in SettingName]?: z.output<(typeof definitions)[K]['schema']> };

/** What commands take: those that read an inventory, those that reach hosts, those that run tasks. */
export const sourceSettings = ['inventory', 'vault_id', 'vault_password_file', 'verbose'] as const;
export const inventorySettings = [...sourceSettings, 'limit'] as const;
export const hostSettings = [
  ...sourceSettings,
  'limit',
  'extra_vars',
  'forks',
  'become',
  'become_user',
  'become_method',
  'ask_become_password',
] as const;
/** Where runs are written down, and for how long. */
export const journalSettings = ['runs_dir', 'runs_keep', 'runs_days', 'undo_keep'] as const;
export const adHocSettings = [
  ...hostSettings,
  'check',
  'diff',
  'report',
  'reboot',
  'confirm_timeout',
  'confirm',
  'lock_timeout',
  'exit_code',
  'flush_cache',
  ...journalSettings,
] as const;
/** What is shown of runs that have been. */
export const historySettings = ['runs_dir', 'report', 'verbose'] as const;
export const undoSettings = [
  ...hostSettings,
  'check',
  'diff',
  'report',
  'confirm_timeout',
  'confirm',
  'lock_timeout',
  'exit_code',
  ...journalSettings,
] as const;
export const playSettings = [...adHocSettings, 'tags', 'skip_tags', 'start_at_task', 'step'] as const;
