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
 * Reads a journal, also one that is still being written or was cut off in the middle of a line.
 * @throws KvmnetError code `io` where there is none that can be read
 */
export function readRun(folder: string, id: string): RecordedRun {
  const path = join(folder, id, journalFile);
  const lines = read(path)
    .split('\n')
    .flatMap((text) => parse(text));
  return {
    folder,
    id,
    begun: lines.find((line) => line.type === 'run'),
    intents: lines.filter((line) => line.type === 'intent'),
    results: lines.filter((line) => line.type === 'task'),
    recap: lines.findLast((line) => line.type === 'recap'),
    lines,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
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
