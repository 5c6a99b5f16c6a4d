import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { fileMode, resolveMode } from './mode.ts';

describe('fileMode', () => {
  it.each([
    ['644', '0644'],
    ['0644', '0644'],
    ['04755', '4755'],
    ['0', '0000'],
    ['0o640', '0640'],
    ['u=rw,go=r', 'u=rw,go=r'],
    ['a+X', 'a+X'],
  ])('takes %s as %s', (text, expected) => {
    expect(fileMode().parse(text)).toBe(expected);
  });
  it.each([
    [644, 'a file mode is text, and YAML reads 644 as a decimal number: quote it, mode: "0644"'],
    [true, 'a file mode is text: write octal digits, "0644", or e.g. "u=rw,go=r"'],
    ['0999', '"0999" is no file mode: write octal digits, "0644", or e.g. "u=rw,go=r"'],
    ['u=q', '"u=q" is no file mode: write octal digits, "0644", or e.g. "u=rw,go=r"'],
    ['', '"" is no file mode: write octal digits, "0644", or e.g. "u=rw,go=r"'],
    ['77777', '"77777" is no file mode: write octal digits, "0644", or e.g. "u=rw,go=r"'],
  ])('refuses %j', (value, message) => {
    expect(messageOf(fileMode(), value)).toBe(message);
  });
});

describe('resolveMode', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvmnet-mode-'));
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'dir'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const who = fc.stringMatching(/^[ugoa]{1,3}$/);
  const what = fc.oneof(fc.stringMatching(/^[rwxXst]{0,4}$/), fc.constantFrom('u', 'g', 'o'));
  const clause = fc
    .tuple(who, fc.array(fc.tuple(fc.constantFrom('+', '-', '='), what), { minLength: 1, maxLength: 2 }))
    .map(([who, actions]) => who + actions.map((action) => action.join('')).join(''));

  it('gives what chmod(1) gives', () => {
    fc.assert(
      fc.property(
        fc.array(clause, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 0o7777 }),
        fc.constantFrom('file', 'dir'),
        (clauses, bits, name) => {
          const mode = clauses.join(',');
          const path = join(folder, name);
          chmodSync(path, bits);
          execFileSync('chmod', ['--', mode, path]);
          const real = (statSync(path).mode & 0o7777).toString(8).padStart(4, '0');
          expect(resolveMode(fileMode().parse(mode), bits.toString(8).padStart(4, '0'), name === 'dir')).toBe(real);
        },
      ),
      { numRuns: 150 },
    );
  });
});
