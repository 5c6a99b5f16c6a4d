/**
 * The candidate that was probably meant, for "did you mean …?".
 * @returns undefined when nothing is near enough: a wrong guess is worse than none.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  // Of a single letter nothing may be wrong, or every other one would be near.
  let bestDistance = Math.min(limit + 1, word.length);
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const distance = editDistance(fold(word), fold(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `did you mean "sysctl"?`, or the whole list where it is short, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const near = suggest(word, all);
  if (near !== undefined) return `did you mean "${near}"?`;
  return all.length > 0 && all.length <= 12 ? `known: ${all.toSorted().join(', ')}` : undefined;
}

// `num-vfs`, `numVfs` and `num_vfs` differ only in taste.
const fold = (s: string): string => s.toLowerCase().replace(/[-_]/g, '');

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours count one each. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, (before[j - 2] ?? 0) + 1);
      row.push(d);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}
