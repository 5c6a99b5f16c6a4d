import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KvmnetError } from '../util/errors.ts';
import { fileProblem } from '../util/file-problem.ts';
import type { SourceLocation } from '../util/source.ts';
import { splitPattern } from './pattern.ts';

interface LimitPattern {
  readonly pattern: string;
  readonly at: SourceLocation;
}

/**
 * The patterns of `-l`: those written there, and of each `@file` the lines that are not empty and not a `#` comment.
 * @throws KvmnetError (`inventory`) for a file that cannot be read or names nothing.
 */
export function limitPatterns(limit: string, cwd: string): readonly LimitPattern[] {
  return splitPattern(limit).flatMap((term) =>
    term.startsWith('@') ? fileLines(term.slice(1), cwd) : [{ pattern: term, at: placeOf(term, limit) }],
  );
}

/** It may come from a setting as well: shown as one would type it. */
function placeOf(term: string, limit: string): SourceLocation {
  const text = `--limit ${limit}`;
  return { file: '<command line>', line: 1, column: Math.max(text.indexOf(term, '--limit '.length), 0) + 1, text };
}

function fileLines(name: string, cwd: string): readonly LimitPattern[] {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, name), 'utf8');
  } catch (error) {
    throw new KvmnetError('inventory', `cannot read the limit file ${name}: ${fileProblem(error)}`, {
      hint: '-l @FILE takes a file with one host or pattern a line',
      cause: error,
    });
  }
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({
      pattern: line.replace(/(?:^|\s)#.*/, '').trim(),
      at: { file: name, line: index + 1, column: line.search(/\S|$/) + 1, text: line },
    }))
    .filter(({ pattern }) => pattern !== '');
  if (lines.length === 0) {
    throw new KvmnetError('inventory', `the limit file ${name} names no host`, {
      hint: 'write one host or pattern a line',
    });
  }
  return lines;
}
