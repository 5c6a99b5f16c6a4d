import { undoFolder } from '../../sdk/compile.ts';
import { quoteAll } from '../../sdk/quote.ts';
import { sh } from '../../sdk/script.ts';
import { KvmnetError } from '../../util/errors.ts';
import { recordFile } from '../journal/keep-record.ts';
import { maxRecord, openRecord, type KeptRecord } from '../journal/undo-record.ts';
import type { TaskHost } from '../host/task-host.ts';
import type { JournalledChange } from './undo-input.ts';

/** Records of one request: a host that lies about their size costs no more memory than this many times the limit. */
const perRequest = 16;

/** What a host has kept of each change, or why that cannot be used; of what it does not keep there is nothing. */
type Fetched = ReadonlyMap<number, KeptRecord | KvmnetError>;

/** Reads the records of changes that were made as the same user. @throws KvmnetError where the host cannot be reached */
export async function fetchRecords(
  run: string,
  changes: readonly JournalledChange[],
  host: TaskHost,
): Promise<Fetched> {
  const found = new Map<number, KeptRecord | KvmnetError>();
  for (let start = 0; start < changes.length; start += perRequest) {
    const some = changes.slice(start, start + perRequest);
    const scripts = some.map(({ change }) => `${undoFolder}${readScript(run, change)}`);
    await host.exchange({ probes: scripts }, { maxOutput: maxRecord + 4096 });
    some.forEach((change, index) => {
      const output = host.cache.get(scripts[index] ?? '');
      if (output?.code === 0) found.set(change.change, readRecord(change, output.stdout));
    });
  }
  return found;
}

const readScript = (run: string, change: number): string =>
  `set -- "$u"/${quoteAll([run])} ${quoteAll([recordFile(change)])}; { ${readKept}\n}`;

const readKept = sh`[ -f "$1/$2" ] || exit 3; cat -- "$1/$2"`;

function readRecord(change: JournalledChange, text: string): KeptRecord | KvmnetError {
  try {
    const record = openRecord(text, 'sha256' in change.undo ? change.undo.sha256 : '');
    if (record.module === change.module) return record;
    return new KvmnetError('missing', 'what the host has kept is of another change');
  } catch (error) {
    if (error instanceof KvmnetError) return error;
    throw error;
  }
}
