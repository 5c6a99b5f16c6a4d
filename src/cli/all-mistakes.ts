import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { sortMistakes } from '../util/sort-mistakes.ts';

/**
 * Does several things that each may find mistakes of the user's, and shows the mistakes of all of them together.
 * @throws DiagnosticsError, or the first error that is none of the user's
 */
export async function allMistakes<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(work);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const bug = errors.find((error) => !(error instanceof KvmnetError));
  if (bug !== undefined) throw bug;
  // A file may belong to the inventory and to the playbook: its mistakes are told once.
  const mistakes = sortMistakes(
    errors.flatMap((error) => (error instanceof DiagnosticsError ? error.diagnostics : [error as KvmnetError])),
  );
  const [only, second] = mistakes;
  if (only !== undefined) throw second === undefined ? only : new DiagnosticsError(mistakes);
  return results.map((result) => (result.status === 'fulfilled' ? result.value : undefined)) as unknown as T;
}
