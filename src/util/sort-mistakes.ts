import type { KvmnetError } from './errors.ts';

/** Each mistake once (a file may be read twice), files in the order in which they were met. */
export function sortMistakes(errors: readonly KvmnetError[]): readonly KvmnetError[] {
  const files = [...new Set(errors.map(({ at }) => at?.file))];
  const byPlace = new Map(
    errors.map((error) => [`${error.at?.file}:${error.at?.line}:${error.at?.column} ${error.message}`, error]),
  );
  return [...byPlace.values()].toSorted(
    (a, b) =>
      files.indexOf(a.at?.file) - files.indexOf(b.at?.file) ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
