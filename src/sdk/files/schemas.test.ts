import { describe, expect, it } from 'vitest';
import { messageOf } from '../testing/message-of.ts';
import { checkCommand } from './check-command.ts';
import { baseName, hostPath, plainPath } from './host-path.ts';
import { ownerName } from './owner-name.ts';
import { parsePattern, pattern } from './pattern.ts';

describe('hostPath', () => {
  it.each([
    ['/etc/hosts', '/etc/hosts'],
    ['//etc///./hosts', '/etc/hosts'],
    ['/etc/', '/etc/'],
    ['/etc/.', '/etc'],
    ['/a/../b', '/a/../b'],
    ['/-x\ny', '/-x\ny'],
    ['/', '/'],
  ])('%j gives %j', (text, expected) => {
    expect(hostPath().parse(text)).toBe(expected);
  });
  it.each([
    ['etc/hosts', '"etc/hosts" is no absolute path: begin it with /'],
    ['~/x', '"~/x" is no absolute path: begin it with /'],
    [7, 'a path on the host is text that begins with /'],
    ['/a\0b', 'a path cannot hold a NUL character'],
  ])('refuses %j', (value, message) => {
    expect(messageOf(hostPath(), value)).toBe(message);
  });
  it('has parts', () => {
    expect(['/a/b/', '/', '/x'].map(plainPath)).toEqual(['/a/b', '/', '/x']);
    expect(['/a/b/', 'tree/', 'x'].map(baseName)).toEqual(['b', 'tree', 'x']);
  });
});

describe('ownerName', () => {
  it.each([
    ['root', 'root'],
    [0, '0'],
    ['007', '7'],
    ['CORP\\jane doe', 'CORP\\jane doe'],
  ])('%j gives %j', (value, expected) => {
    expect(ownerName().parse(value)).toBe(expected);
  });
  it.each(['-h', 'a:b', '', 'a\nb', ' a', '/'])('refuses %j', (value) => {
    expect(messageOf(ownerName(), value)).toBe(`${JSON.stringify(value)} is no name of a user or group`);
  });
  it('refuses a negative number', () => expect(messageOf(ownerName(), -1)).toBeDefined());
});

describe('checkCommand', () => {
  it.each([
    ['visudo -cf %s', ['visudo', '-cf', '%s']],
    [`sh -c 'a "$1" | b' sh "%s"`, ['sh', '-c', 'a "$1" | b', 'sh', '%s']],
    ['prog --file=%s', ['prog', '--file=%s']],
    [
      ['a b', '%s'],
      ['a b', '%s'],
    ],
  ])('%j gives %j', (value, expected) => {
    expect(checkCommand().parse(value)).toEqual(expected);
  });
  it.each([
    ['visudo -c', 'the command must hold %s, which stands for the new file'],
    [[], 'the command must hold %s, which stands for the new file'],
    ['cat %s | grep x', `"|" needs a shell, and there is none here: give a list, [sh, -c, 'COMMAND "$1"', sh, "%s"]`],
    [
      'x %s >/dev/null',
      `">/dev/null" needs a shell, and there is none here: give a list, [sh, -c, 'COMMAND "$1"', sh, "%s"]`,
    ],
  ])('refuses %j', (value, message) => {
    expect(messageOf(checkCommand(), value)).toBe(message);
  });
  it('refuses an open quote', () => expect(messageOf(checkCommand(), `x '%s`)).toMatch(/is not closed/));
});

describe('parsePattern', () => {
  it.each([
    ['^#?\\s*Port\\b', 'Port 22', true],
    ['(?i)^PORT', 'port 22', true],
    ['(?P<key>\\w+)=(?P=key)', 'a=a', true],
    ['\\Aa\\Z', 'a', true],
    ['\\Aa', 'A a', false],
    ['\\\\A', '\\A', true],
    ['a(?#why)b', 'ab', true],
    ['\\-\\/', '-/', true],
  ])('%s on %s: %s', (source, text, expected) => {
    expect(parsePattern(source).test(text)).toBe(expected);
  });
  it.each([
    ['(', /unterminated group/i],
    ['(?x)a b', /\(\?x\) is not known here/],
    ['', /an empty regular expression matches every line/],
  ])('refuses %j', (source, message) => {
    expect(messageOf(pattern(), source)).toMatch(message);
  });
});
