import { structuredPatch, type StructuredPatchHunk } from 'diff';
import { printable } from './value-text.ts';
import type { Paint } from './paint.ts';

/** Beyond that much work a diff tells nobody anything (and would hold the run up). */
const maxEdits = 1500;

interface Texts {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** A unified diff of both versions of a text, coloured line by line; empty where they are the same. */
export function textDiffLines({ path, before, after }: Texts, paint: Paint): string[] {
  if (before === after) return [];
  if (before.includes('\0') || after.includes('\0')) return [`${path}: binary content differs`];
  const patch = structuredPatch(path, path, before, after, '', '', { context: 3, maxEditLength: maxEdits });
  if (patch === undefined) return [`${path}: too different to be shown line by line`];
  const headers = [`--- ${before === '' ? '(none)' : path}`, `+++ ${after === '' ? '(none)' : path}`];
  return [...headers.map((line) => paint('bold', line)), ...patch.hunks.flatMap((hunk) => hunkLines(hunk, paint))];
}

function hunkLines(hunk: StructuredPatchHunk, paint: Paint): string[] {
  const head = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`;
  return [paint('cyan', head), ...hunk.lines.map((line) => paintLine(printable(line), paint))];
}

function paintLine(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('\\') ? paint('dim', line) : line;
}
