/**
 * Finds the place in the source of a character of a decoded scalar. Decoding only drops indentation, folds line breaks
 * and resolves escapes, so both texts can be walked side by side.
 * @param raw source text between the scalar's bounds
 * @param value the decoded text
 * @returns offset in `raw` of `value[offset]`
 */
export function rawOffset(raw: string, value: string, offset: number, escapes: 'none' | 'single' | 'double'): number {
  let r = 0;
  let v = 0;
  while (v < offset && r < raw.length) {
    const wanted = value[v] ?? '';
    if (escapes === 'double' && raw[r] === '\\') {
      const length = escapeLength(raw, r);
      r += length;
      if (!/^\\\r?\n/.test(raw.slice(r - length, r))) v++;
    } else if (escapes === 'single' && raw[r] === "'" && raw[r + 1] === "'") {
      r += 2;
      v++;
    } else if (raw[r] === wanted) {
      r++;
      v++;
    } else if (/\s/.test(wanted) && /\s/.test(raw[r] ?? '')) {
      // A line break folded to a space.
      r++;
      v++;
      while (/\s/.test(raw[r] ?? '') && !/\s/.test(value[v] ?? '')) r++;
    } else r++;
    // Indentation of the next line of a block scalar.
    if (raw[r - 1] === '\n' && value[v - 1] === '\n') r += indentation(raw, r, value, v);
  }
  // What is left out in front of the character that is asked for (a folded blank line, trailing spaces).
  while (offset < value.length && raw[r] !== value[offset] && /\s/.test(raw[r] ?? '')) r++;
  return r;
}

function escapeLength(raw: string, at: number): number {
  const next = raw[at + 1];
  if (next === 'x') return 4;
  if (next === 'u') return 6;
  if (next === 'U') return 10;
  if (next === '\r' && raw[at + 2] === '\n') return 3;
  return 2;
}

function indentation(raw: string, r: number, value: string, v: number): number {
  const inRaw = /^[ \t]*/.exec(raw.slice(r, r + 200))?.[0].length ?? 0;
  const inValue = /^[ \t]*/.exec(value.slice(v, v + 200))?.[0].length ?? 0;
  return Math.max(0, inRaw - inValue);
}
