/**
 * A test of names: a shell glob (`*`, `?`, `[abc]`, `[!abc]`), or behind `~` a regular expression, which like Python's
 * `match` has to fit from the beginning of the name but not to its end.
 * @returns what is wrong with it, where it is no valid expression.
 */
export function nameMatcher(pattern: string): ((name: string) => boolean) | string {
  if (!isGlob(pattern) && !pattern.startsWith('~')) return (name) => name === pattern;
  try {
    const expression = pattern.startsWith('~') ? pythonRegExp(pattern.slice(1)) : globRegExp(pattern);
    return (name) => expression.test(name);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export const isGlob = (pattern: string): boolean => /[*?[]/.test(pattern);

function globRegExp(glob: string): RegExp {
  const source = glob.replace(
    /\*+|\?|\[(!?)(\]?[^\]]*)\]|[^]/g,
    (part, not: string | undefined, set: string | undefined) => {
      if (part.startsWith('*')) return '.*';
      if (part === '?') return '.';
      if (set !== undefined && set !== '') return `[${not === '!' ? '^' : ''}${set.replace(/[\\^[\]]/g, '\\$&')}]`;
      return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    },
  );
  return new RegExp(`^(?:${source})$`, 's');
}

/** Python writes named groups, anchors and flags differently. */
function pythonRegExp(source: string): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(source);
  const body = source
    .slice(flags?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\Z/g, '$');
  return new RegExp(`^(?:${body})`, flags?.[1] ?? '');
}
