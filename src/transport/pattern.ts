/** OpenSSH's patterns: `*` any number of characters, `?` exactly one, nothing else is special. */
export function matchesPattern(pattern: string, text: string): boolean {
  // Nearly all are plain names, each host of a run is looked for in the known hosts of all, and regular expressions take time.
  if (!/[*?]/.test(pattern)) return pattern === text;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** A list where a matching `!pattern` wins over all others, and a list of negations alone matches nothing. */
export function matchesList(patterns: readonly string[], text: string): boolean {
  let positive = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), text)) return false;
    } else if (matchesPattern(pattern, text)) {
      positive = true;
    }
  }
  return positive;
}
