import { homedir, hostname, userInfo } from 'node:os';
import type { Ask } from '../engine/action/action-host.ts';
import {
  rehearse,
  runPlaybooks,
  type Registry,
  type RunEvent,
  type RunInput,
  type RunOptions,
} from '../engine/index.ts';
import type { Inventory } from '../inventory/index.ts';
import type { Vault } from '../lang/index.ts';
import type { Playbook } from '../playbook/model.ts';
import { createReporters } from '../report/index.ts';
import { createTransport } from '../transport/index.ts';
import type { Transport } from '../transport/types.ts';
import { warningText } from '../util/errors.ts';
import { askPassword, createAsk } from './ask.ts';
import type { Cli } from './cli.ts';
import { exitCodeOf } from './exit-codes.ts';
import { readExtraVars } from './extra-vars.ts';
import { watchInterrupts } from './interrupts.ts';
import { journalOf, type Journalled } from './journal/journal-of.ts';
import { redactEvent } from './redact-event.ts';
import { hideSecrets } from './secret-names.ts';
import type { Settings } from './settings/definitions.ts';

/** As many as a controller with two cores serves without hosts waiting for one another. */
const defaultForks = 50;

export interface Run {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly settings: Settings;
  /** The output of each result is what the run is for (ad-hoc commands). */
  readonly showOutput?: boolean;
  /** How the run is written down; undefined: not at all. */
  readonly journal?: Journalled | undefined;
}

/** Runs playbooks and reports on it. Gives the exit code. */
export async function runAndReport(cli: Cli, run: Run): Promise<number> {
  const options = await runOptions(cli, run.settings, run.vault, createAsk(cli));
  // Whatever can be found wrong is told before anything is connected.
  await rehearse({ ...run, options });
  return reportOn(cli, { ...run, options }, async (surroundings) => {
    await runPlaybooks({ ...run, options, ...surroundings });
  });
}

interface Reported extends Pick<Run, 'settings' | 'inventory' | 'showOutput' | 'journal'> {
  readonly options: RunOptions;
}

/** What a run needs beside what it is about. */
type Surroundings = Pick<RunInput, 'transport' | 'emit' | 'ask' | 'signal'> & {
  readonly journal: RunInput['journal'];
};

/** Does something on hosts, with reports, interrupts and a journal around it. Gives the exit code. */
export async function reportOn(
  cli: Cli,
  { settings, options, inventory, showOutput = false, journal: journalled }: Reported,
  work: (surroundings: Surroundings) => Promise<void>,
): Promise<number> {
  const reporter = await createReporters(settings.report ?? [], {
    stdout: cli.stdout,
    colour: cli.colour,
    env: cli.env,
    verbosity: settings.verbose ?? 0,
    showOutput,
  });
  let code = 0;
  const emit = (event: RunEvent): void => {
    if (event.type === 'recap') {
      const interrupted = event.interrupted === true;
      code = exitCodeOf({ hosts: event.hosts, interrupted, tellChanges: settings.exit_code === true && options.check });
    }
    reporter.handle(redactEvent(event, cli.redactor));
  };
  const warn = (message: string): void => emit({ type: 'warning', message });
  const interrupts = watchInterrupts(warn);
  try {
    const ask = createAsk(cli, interrupts.signal, reporter);
    const transport = systemTransport(cli, warn);
    const journal = journalled === undefined || options.check ? undefined : journalOf(cli, settings, journalled, warn);
    for (const warning of inventory.warnings) warn(warningText(warning));
    await work({ transport, emit, ask, signal: interrupts.signal, journal });
  } finally {
    interrupts.stop();
    await reporter.end();
  }
  return code;
}

/** SSH as the person who called would use it. */
export const systemTransport = (cli: Cli, onNotice: (notice: string) => void): Transport =>
  createTransport({ home: cli.env['HOME'] ?? homedir(), user: userInfo().username, env: cli.env, onNotice });

/** What the settings mean to the engine. Asks for the password of becoming another user where that is wanted. */
export async function runOptions(cli: Cli, settings: Settings, vault: Vault, ask: Ask): Promise<RunOptions> {
  const password =
    settings.ask_become_password === true
      ? await askPassword(ask, 'become password', 'set kvmnet_become_password in the inventory, encrypted')
      : undefined;
  if (password !== undefined) cli.redactor.add(password);
  const extra = await readExtraVars(cli, settings.extra_vars, vault);
  hideSecrets(cli, extra.values);
  return {
    check: settings.check ?? false,
    diff: settings.diff ?? false,
    verbosity: settings.verbose,
    forks: settings.forks ?? defaultForks,
    limit: settings.limit,
    tags: settings.tags ?? [],
    skipTags: settings.skip_tags ?? [],
    extraVars: extra.values,
    extraTemplates: extra.templates,
    become: { enabled: settings.become, user: settings.become_user, method: settings.become_method, password },
    startAtTask: settings.start_at_task,
    step: settings.step ?? false,
    rebootPolicy: settings.reboot ?? 'auto',
    confirm: { enabled: settings.confirm ?? true, windowSeconds: settings.confirm_timeout ?? 60 },
    lock: {
      timeoutSeconds: settings.lock_timeout ?? 60,
      who: `${userInfo().username}@${hostname()} (process ${process.pid})`,
    },
  };
}
