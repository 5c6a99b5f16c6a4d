import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadInventory } from '../../inventory/index.ts';
import { createVault } from '../../lang/index.ts';
import { loadPlaybook } from '../../playbook/index.ts';
import type { RunEvent, TaskEvent } from '../events.ts';
import { createRegistry } from '../registry.ts';
import type { RunOptions, RunOutcome } from '../run/options.ts';
import { runPlaybooks } from '../run/run-playbook.ts';
import { shellTransport, type ShellTransport } from './shell-transport.ts';

export interface PlayTest {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  readonly tasks: readonly TaskEvent[];
  /** `host: task: status`, in order. */
  readonly lines: readonly string[];
  readonly recap: Extract<RunEvent, { type: 'recap' }>;
  readonly transport: ShellTransport;
  /** Folder of the playbook; `{{ dir }}` in it. */
  readonly folder: string;
}

interface PlayTestOptions {
  readonly hosts?: readonly string[];
  readonly options?: Partial<RunOptions>;
  readonly files?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly prepare?: (transport: ShellTransport, folder: string) => void;
  readonly signal?: AbortSignal;
  readonly answers?: readonly string[];
}

const defaults: RunOptions = {
  check: false,
  diff: false,
  forks: 50,
  tags: [],
  skipTags: [],
  extraVars: {},
  become: {},
  step: false,
  rebootPolicy: 'never',
  confirm: { enabled: true, windowSeconds: 60 },
};

export const testFolder = (): string => mkdtempSync(join(tmpdir(), 'kvmnet-play-'));

/** Plays a text on hosts that are all this machine, with `{{ dir }}` a folder of the test's own. */
export async function play(playbook: string, test: PlayTestOptions = {}): Promise<PlayTest> {
  const { hosts = ['a'], folder = testFolder() } = test;
  for (const [name, text] of Object.entries({ ...test.files, 'site.yml': playbook })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const transport = shellTransport();
  test.prepare?.(transport, folder);
  const events: RunEvent[] = [];
  const registry = createRegistry([join(folder, 'modules')]);
  const answers = [...(test.answers ?? [])];
  const outcome = await runPlaybooks({
    playbooks: [await loadPlaybook(join(folder, 'site.yml'), { modules: registry })],
    inventory: await loadInventory([`${hosts.join(',')},`], { cwd: folder, playbookDir: folder, env: {} }),
    registry,
    transport,
    vault: createVault([]),
    options: { ...defaults, ...test.options, extraVars: { dir: folder, ...test.options?.extraVars } },
    emit: (event) => events.push(event),
    ask: () => Promise.resolve(answers.shift()),
    signal: test.signal ?? new AbortController().signal,
  });
  const tasks = events.filter((event) => event.type === 'task');
  const recap = events.findLast((event) => event.type === 'recap');
  if (recap === undefined) throw new Error('the run ended without a recap');
  return { outcome, events, tasks, lines: tasks.map(line), recap, transport, folder };
}

const line = ({ host, task, item, status, failure }: TaskEvent): string =>
  `${host}: ${task}${item === undefined ? '' : ` (${item})`}: ${status}${failure === undefined ? '' : `: ${failure.message}`}`;
