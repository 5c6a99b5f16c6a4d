import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { parseBelow, wantBelow, belowSteps } from './below.ts';
import { file } from './index.ts';

describe('parameters of file', () => {
  it.each(file.examples)('example: $title', ({ params }) => {
    expect(messageOf(file.params, params)).toBeUndefined();
  });
  it.each<[object, string]>([
    [{ path: 'x' }, '"x" is no absolute path: begin it with /'],
    [{ path: '/x', state: 'link' }, 'a link needs src, what it points to'],
    [{ path: '/x', state: 'hard', src: 'y' }, 'src of a hard link is an absolute path: begin it with /'],
    [{ path: '/x', src: '/y' }, 'src is what a link points to: say state: link, or use copy'],
    [
      { path: '/x', state: 'link', src: 'y', mode: '0644' },
      'a link has no mode of its own: give it to src, in a task of its own',
    ],
    [
      { path: '/x', state: 'hard', src: '/y', mode: '0644' },
      'a hard link has owner, group and mode of src: give them to src, in a task of its own',
    ],
    [{ path: '/x', state: 'link', src: 'a\0b' }, 'a path cannot hold a NUL character'],
    [{ path: '/x', state: 'touch', recurse: true }, 'recurse needs state: directory'],
    [{ path: '/x', mode: 755 }, 'a file mode is text, and YAML reads 755 as a decimal number: quote it, mode: "0755"'],
    [
      { path: '/x', state: 'present' },
      'Invalid option: expected one of "file"|"directory"|"absent"|"touch"|"link"|"hard"',
    ],
  ])('%j: %s', (params, message) => {
    expect(messageOf(file.params, params)).toBe(message);
  });
  it.each(['/', '//', '/etc', '/etc/', '/usr/bin', '/var/lib', '/home/../etc/x', '/boot/.'])(
    'never removes %s',
    (path) => {
      expect(messageOf(file.params, { path, state: 'absent' })).toMatch(
        /belongs to the system and is never removed as a whole/,
      );
    },
  );
  it.each(['/etc/frr', '/srv/x', '/var/lib/frr', '/home/bob'])('removes %s', (path) => {
    expect(messageOf(file.params, { path, state: 'absent' })).toBeUndefined();
  });
});

describe('what lies below', () => {
  const output = (text: string) => ({ stdout: text, stderr: '', code: 0, bytes: Buffer.from(text) });
  it('is read by names that may hold anything', () => {
    const text = '81a4\nroot\n0\nroot\n0\na1ff\nUNKNOWN\n7\nUNKNOWN\n8\n\n/d/a\n\nb\0/d/l\0';
    expect(parseBelow(output(text), '/d')).toEqual({
      'a\n\nb': { type: 'other', mode: '0644', owner: 'root', group: 'root' },
      l: { type: 'link', mode: null, owner: '7', group: '8' },
    });
  });
  it.each([
    ['', {}],
    ['\n', {}],
  ])('%j is nothing', (text, expected) => expect(parseBelow(output(text), '/d')).toEqual(expected));

  const now = {
    d: { type: 'directory', mode: '0700', owner: 'a', group: 'a' },
    f: { type: 'other', mode: '0600', owner: 'a', group: 'b' },
    l: { type: 'link', mode: null, owner: 'a', group: 'b' },
  } as const;
  it('is wanted with folders that can be entered', () => {
    expect(wantBelow(now, { group: 'g' }, 'u=rwX,go=rX')).toEqual({
      d: { ...now.d, mode: '0755', group: 'g' },
      f: { ...now.f, mode: '0644', group: 'g' },
      l: { ...now.l, group: 'g' },
    });
  });
  it('is changed by as few commands as can be, and not at all where it is right', () => {
    const wanted = wantBelow(now, { owner: 'a', group: 'b' }, 'a=rX');
    expect(belowSteps('/r', now, wanted).map((step) => step.kind === 'exec' && step.argv)).toEqual([
      ['chown', '-h', '--', 'a:b', '/r/d'],
      ['chmod', '--', '0555', '/r/d'],
      ['chmod', '--', '0444', '/r/f'],
    ]);
    expect(belowSteps('/r', wanted, wanted)).toEqual([]);
  });
  it('keeps its set-id bits, which a new owner takes away', () => {
    const before = { s: { ...now.f, mode: '4755' }, f: now.f };
    const steps = belowSteps('/r', before, wantBelow(before, { owner: 'z' }));
    expect(steps.map((step) => step.kind === 'exec' && step.argv)).toEqual([
      ['chown', '-h', '--', 'z:b', '/r/s', '/r/f'],
      ['chmod', '--', '4755', '/r/s'],
    ]);
  });
  it('is changed in pieces that a command line can hold', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}`.padStart(60, 'x'), now.f]));
    const steps = belowSteps('/r', many, wantBelow(many, {}, '0644'));
    const lengths = steps.map((step) => (step.kind === 'exec' ? step.argv.join(' ').length : 0));
    expect(Math.max(...lengths)).toBeLessThan(128 * 1024);
    expect(steps.flatMap((step) => (step.kind === 'exec' ? step.argv.slice(3) : []))).toHaveLength(5000);
  });
});

describe('a path', () => {
  const nothing = { stdout: ['parent 0 folder', ''] };
  const there = (bits: string, ...more: string[]) => ({
    stdout: ['stat', '5', 'root', '0', 'root', '0', bits, '1795452698', '1', '601', '42', ...more, ''],
  });
  it('that a hard link needs cannot come later', () => {
    const asked = { params: { path: '/srv/h', state: 'hard', src: '/srv/no', force: true } };
    expect(replay(file, asked, { path: nothing, src: nothing })).toEqual({
      refused: '/srv/no does not exist',
      hint: 'make it first',
    });
  });
  it('that cannot be read to its ground is refused', () => {
    const asked = { params: { path: '/srv/tree', recurse: true, mode: '0700' } };
    expect(replay(file, asked, { path: there('41ed'), below: { code: 1 } }).refused).toBe(
      '/srv/tree cannot be read to its ground',
    );
  });
  it('that is not there has nothing below it', () => {
    const asked = { params: { path: '/srv/new', recurse: true, mode: '0700' } };
    expect(replay(file, asked, { path: nothing }).steps).toEqual([
      expect.stringContaining('/srv/new'),
      'chmod -- 0700 /srv/new',
    ]);
  });
  it('becomes a link of the owner that was asked for', () => {
    const asked = { params: { path: '/srv/l', state: 'link', src: 'x', owner: 'bin', force: true } };
    const said = replay(file, asked, { path: there('81a4', 'owner is bin'), src: nothing });
    expect(said.steps?.slice(-1)).toEqual(['chown -h -- bin /srv/l']);
  });
  it('goes without the folders above it, where nothing was looked at', () => {
    const p = file.params.parse({ path: '/srv/b/a', state: 'directory' });
    const state = { type: 'directory', mode: '0755', owner: 'root', group: 'root' } as const;
    const rest = { target: null, sha256: null, below: null };
    const [step] = file.steps({ ...state, ...rest }, null, p);
    expect(step?.kind === 'snippet' ? step.args : step).toEqual(['/srv/b/a']);
  });
});
