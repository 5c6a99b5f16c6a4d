import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Journal, UndoKeep } from '../../engine/journal/journal.ts';
import { dayOfRuns, newRunId } from '../../engine/journal/run-id.ts';
import { KvmnetError } from '../../util/errors.ts';
import { fileProblem } from '../../util/file-problem.ts';
import type { Cli } from '../cli.ts';
import { redactFields } from '../redact-event.ts';
import type { JournalLine } from './lines.ts';
import { redactCommand } from './redact-command.ts';
import { idsOfRuns, journalFile } from './runs-folder.ts';

interface JournalOptions {
  /** The folder of all runs. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly inventory: readonly string[];
  readonly playbooks: readonly string[];
  /** Runs and days that are kept here. */
  readonly keepRuns: number;
  readonly keepDays: number;
  readonly keep: UndoKeep;
  readonly undoes?: string | undefined;
  /** Tells that the journal cannot be written any more. */
  readonly onProblem: (message: string) => void;
}

/** Statuses that are worth a line of their own. */
const notable: ReadonlySet<string> = new Set(['changed', 'failed', 'unreachable', 'ignored']);

/**
 * Begins the journal of a run: a folder of its own with one file, a line of JSON for each thing that happens, written as it
 * happens. A run in which nothing happens leaves none.
 * @throws KvmnetError code `io` where it cannot be written
 */
export function openJournal(cli: Cli, options: JournalOptions): Journal {
  const { folder, keep } = options;
  try {
    makeFolder(folder);
    prune(folder, options);
    const { id, file } = beginRun(folder);
    return new FileJournal(cli, { ...options, id, file, keep });
  } catch (error) {
    throw new KvmnetError('io', `the journal cannot be written in ${folder}: ${fileProblem(error)}`, {
      hint: 'without it no host is touched: choose another folder with --runs-dir, or runs_dir in kvmnet.yml',
      cause: error,
    });
  }
}

/** Journals tell of hosts what not everybody should know, and belong to no version control. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const project = dirname(folder);
  const ignore = join(project, '.gitignore');
  if (project.endsWith('.kvmnet') && !existsSync(ignore)) writeFileSync(ignore, '*\n');
}

/** Takes away the oldest runs. What somebody else is taking away at the same time is no mistake. */
function prune(folder: string, { keepRuns, keepDays }: JournalOptions): void {
  const ids = idsOfRuns(folder);
  const oldest = dayOfRuns(keepDays);
  const old = ids.filter((id, index) => id < oldest || index <= ids.length - keepRuns);
  for (const id of old) rmSync(join(folder, id), { recursive: true, force: true });
}

function beginRun(folder: string): { readonly id: string; readonly file: number } {
  for (;;) {
    const id = newRunId();
    try {
      mkdirSync(join(folder, id), { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    return { id, file: openSync(join(folder, id, journalFile), 'ax', 0o600) };
  }
}

interface Opened extends JournalOptions {
  readonly id: string;
  readonly file: number;
}

class FileJournal implements Journal {
  readonly id: string;
  readonly keep: UndoKeep;
  readonly #cli: Cli;
  readonly #options: Opened;
  /** Changes whose end is not known yet. */
  readonly #open = new Set<number>();
  #worthKeeping = false;
  #broken: string | undefined;

  constructor(cli: Cli, options: Opened) {
    this.id = options.id;
    this.keep = options.keep;
    this.#cli = cli;
    this.#options = options;
    const { command, inventory, playbooks, undoes } = options;
    this.#append({
      type: 'run',
      id: this.id,
      time: now(),
      kvmnet: cli.version,
      user: userName(cli),
      controller: hostname(),
      pid: process.pid,
      command: redactCommand(command),
      folder: cli.cwd,
      inventory: [...inventory],
      playbooks: [...playbooks],
      ...(undoes === undefined ? {} : { undoes }),
    });
  }

  secretsIn(text: string): readonly string[] {
    return this.#cli.redactor.found(text);
  }

  intent(...[intent]: Parameters<Journal['intent']>): void {
    if (this.#broken !== undefined) throw this.#problem(this.#broken);
    this.#open.add(intent.change);
    if (!('cannot' in intent.undo)) this.#worthKeeping = true;
    try {
      this.#append({ type: 'intent', time: now(), ...intent } as unknown as JournalLine);
    } catch (error) {
      this.#broken = fileProblem(error);
      throw this.#problem(this.#broken);
    }
  }

  result(...[event, begun, undoes]: Parameters<Journal['result']>): void {
    const { play, host, task, module, status, changes, ms, item, role, handler, at, delegatedTo, warnings } = event;
    for (const change of begun) this.#open.delete(change);
    const isNotable = notable.has(status);
    // An undo that was refused is no run: `last` goes on meaning the one that it was to take back.
    const done = undoes === undefined ? isNotable : status === 'ok' || status === 'changed';
    if (done) this.#worthKeeping = true;
    if (!isNotable && begun.length === 0 && undoes === undefined) return;
    const about = { play, host, task, module, at, item, role, handler };
    const failure =
      event.failure === undefined
        ? undefined
        : { code: event.failure.code, message: event.failure.message, hint: event.failure.hint };
    const line = { type: 'task', time: now(), ...about, status, changes, ms, delegatedTo, failure, warnings };
    this.#try({ ...line, begun, undoes } as unknown as JournalLine);
  }

  end(...[{ hosts, ms, pending, interrupted }]: Parameters<Journal['end']>): void {
    this.#try({ type: 'recap', time: now(), hosts, ms, pending, interrupted } as unknown as JournalLine);
    try {
      closeSync(this.#options.file);
      // Nothing was changed and nothing went wrong: there is nothing to look up later.
      if (!this.#worthKeeping && this.#open.size === 0) {
        rmSync(join(this.#options.folder, this.id), { recursive: true, force: true });
      }
    } catch (error) {
      this.#tell(fileProblem(error));
    }
  }

  /** Writes what happened already: that cannot be called off any more. */
  #try(line: JournalLine): void {
    if (this.#broken !== undefined) return;
    try {
      this.#append(line);
    } catch (error) {
      this.#broken = fileProblem(error);
      this.#tell(this.#broken);
    }
  }

  #append(line: JournalLine): void {
    const shown = redactFields(line, this.#cli.redactor);
    // By its hash a record is known again: a secret that happens to be part of it gives nothing away.
    const { sha256 } = line.type === 'intent' && 'sha256' in line.undo ? line.undo : {};
    const whole =
      shown.type === 'intent' && sha256 !== undefined ? { ...shown, undo: { ...shown.undo, sha256 } } : shown;
    const bytes = Buffer.from(`${JSON.stringify(whole)}\n`);
    for (let sent = 0; sent < bytes.length;) sent += writeSync(this.#options.file, bytes, sent);
  }

  #tell(why: string): void {
    this.#options.onProblem(`the journal cannot be written any more: ${why}; no further change is made`);
  }

  #problem = (why: string): KvmnetError =>
    new KvmnetError('io', `nothing was changed: the journal cannot be written: ${why}`, {
      hint: `make room in ${this.#options.folder}`,
    });
}

const now = (): string => new Date().toISOString();

/** Who has called, by the name with which they logged in. */
function userName({ env }: Cli): string {
  const { username } = userInfo();
  const before = env['SUDO_USER'] ?? env['DOAS_USER'];
  return before === undefined || before === username ? username : `${before} as ${username}`;
}
