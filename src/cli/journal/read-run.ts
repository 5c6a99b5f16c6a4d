import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KvmnetError } from '../../util/errors.ts';
import { fileProblem } from '../../util/file-problem.ts';
import { JournalLine, type IntentLine, type RecapLine, type RunLine, type TaskLine } from './lines.ts';
import { journalFile } from './runs-folder.ts';

/** A run as its journal tells it. */
export interface RecordedRun {
  /** The folder of all runs. */
  readonly folder: string;
  readonly id: string;
  /** Undefined where not even the first line was written whole. */
  readonly begun: RunLine | undefined;
  readonly intents: readonly IntentLine[];
  readonly results: readonly TaskLine[];
  /** Undefined where the run has not come to its end. */
  readonly recap: RecapLine | undefined;
  readonly lines: readonly JournalLine[];
}

/**
 * Reads a journal, also one that is still being written or was cut off in the middle of a line. A run on thousands of hosts has
 * a long one: what stands between its first line and its last is looked at only when it is asked for.
 * @returns undefined where there is none: the run has just begun, or had nothing to tell and its end has taken it away
 * @throws KvmnetError code `io` where it cannot be read
 */
export function readRun(folder: string, id: string): RecordedRun | undefined {
  const path = join(folder, id, journalFile);
  const text = read(path);
  if (text === undefined) return undefined;
  const [first, last] = ends(text);
  const [begun, recap] = [parse(first)[0], parse(last)[0]];
  let known: readonly JournalLine[] | undefined;
  const lines = (): readonly JournalLine[] => (known ??= (read(path) ?? '').split('\n').flatMap(parse));
  return {
    folder,
    id,
    begun: begun?.type === 'run' ? begun : undefined,
    recap: recap?.type === 'recap' ? recap : undefined,
    get lines() {
      return lines();
    },
    get intents() {
      return lines().filter((line) => line.type === 'intent');
    },
    get results() {
      return lines().filter((line) => line.type === 'task');
    },
  };
}

/** The first and the last whole line. */
function ends(text: string): readonly [string, string] {
  const end = text.lastIndexOf('\n');
  const whole = text.slice(0, Math.max(end, 0));
  const first = whole.indexOf('\n');
  return [first < 0 ? whole : whole.slice(0, first), whole.slice(whole.lastIndexOf('\n') + 1)];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Another run may end, or make room, at any moment.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KvmnetError('io', `cannot read the journal ${path}: ${fileProblem(error)}`, { cause: error });
  }
}

/** Half a line, where a controller died while it wrote, tells nothing. */
function parse(text: string): readonly JournalLine[] {
  try {
    const parsed = JournalLine.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
