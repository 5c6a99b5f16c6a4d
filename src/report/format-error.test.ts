import { describe, expect, it } from 'vitest';
import { DiagnosticsError, KvmnetError } from '../util/errors.ts';
import { formatError } from './format-error.ts';
import { plain } from './paint.ts';

const at = (line: number, file = 'site.yml') => ({ file, line, column: 5, text: '    sysctll: {}' });

describe('formatError', () => {
  it('shows a mistake with its place, a caret and what to do', () => {
    const error = new KvmnetError('playbook', 'unknown module "sysctll"', {
      at: at(12),
      hint: 'did you mean "sysctl"?',
    });
    expect(formatError(error, plain, 0)).toBe(
      [
        'site.yml:12:5: error: unknown module "sysctll"',
        '   12 |     sysctll: {}',
        '      |     ^',
        '  hint: did you mean "sysctl"?',
      ].join('\n'),
    );
  });
  it('shows all of them, sorted by file and line', () => {
    const error = new DiagnosticsError([
      new KvmnetError('playbook', 'c', { at: at(9) }),
      new KvmnetError('playbook', 'b', { at: at(2) }),
      new KvmnetError('inventory', 'a', { at: at(5, 'hosts.yml') }),
      new KvmnetError('inventory', 'nowhere'),
    ]);
    const lines = formatError(error, plain, 0).split('\n');
    expect(lines.filter((line) => line.includes('error'))).toEqual([
      'error: nowhere',
      'hosts.yml:5:5: error: a',
      'site.yml:2:5: error: b',
      'site.yml:9:5: error: c',
      '4 errors',
    ]);
  });
  it('names the host, and the causes with -v', () => {
    const cause = new Error('ECONNREFUSED', { cause: new Error('deep') });
    const error = new KvmnetError('unreachable', 'cannot connect', { host: 'kvm01', cause });
    expect(formatError(error, plain, 0)).toBe('error: kvm01: cannot connect');
    expect(formatError(error, plain, 1)).toBe(
      'error: kvm01: cannot connect\n  caused by Error: ECONNREFUSED\n  caused by Error: deep',
    );
  });
  it('calls a bug a bug, with its stack', () => {
    const text = formatError(new TypeError('x is undefined'), plain, 0);
    expect(text).toMatch(
      /^this is a bug of kvmnet; please report it with these lines:\nTypeError: x is undefined\n {4}at /,
    );
  });
  it('shows a long line around the caret only', () => {
    const text = `${'a'.repeat(200)}X${'b'.repeat(200)}`;
    const error = new KvmnetError('playbook', 'bad', { at: { file: 'f', line: 1, column: 201, text } });
    const [, shown = '', caret = ''] = formatError(error, plain, 0).split('\n');
    expect(shown.length).toBeLessThan(110);
    expect(shown.charAt(caret.indexOf('^'))).toBe('X');
  });
});
