import { describe, expect, it } from 'vitest';
import { plain } from './paint.ts';
import { textDiffLines } from './text-diff.ts';

describe('textDiffLines', () => {
  it.each([
    ['a\nb\nc\n', 'a\nB\nc\n', ['--- /f', '+++ /f', '@@ -1,3 +1,3 @@', ' a', '-b', '+B', ' c']],
    ['', 'new\n', ['--- (none)', '+++ /f', '@@ -1,0 +1,1 @@', '+new']],
    ['a', 'a\n', ['--- /f', '+++ /f', '@@ -1,1 +1,1 @@', '-a', '\\ No newline at end of file', '+a']],
    ['same\n', 'same\n', []],
    ['a\0b', 'c', ['/f: binary content differs']],
    ['x\u001b[2J\n', 'y\n', ['--- /f', '+++ /f', '@@ -1,1 +1,1 @@', '-x␛[2J', '+y']],
  ])('from %j to %j', (before, after, lines) => {
    expect(textDiffLines({ path: '/f', before, after }, plain)).toEqual(lines);
  });
  it('gives up on what would hold the run up', () => {
    const text = (seed: number): string => Array.from({ length: 8000 }, (_, i) => `${i * seed}`).join('\n');
    expect(textDiffLines({ path: '/f', before: text(3), after: text(7) }, plain)).toEqual([
      '/f: too different to be shown line by line',
    ]);
  });
});
