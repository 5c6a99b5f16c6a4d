import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createPaint } from '../../report/index.ts';
import { findRun } from './find-runs.ts';
import { historyLines } from './history-lines.ts';
import { readRun, type RecordedRun } from './read-run.ts';
import { runLines } from './run-lines.ts';
import { fatesOf } from './run-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'kvmnet-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const paint = createPaint(false);
const time = '2026-11-23T16:45:00.000Z';
const about = (host: string) => ({
  time,
  play: 'net',
  host,
  task: 'a file',
  module: 'copy',
  at: { file: 'site.yml', line: 3 },
});
const changes = [{ path: 'mode', from: '0600', to: '0644' }];
const counts = { ok: 1, would_change: 0, unknown: 0, skipped: 0, unreachable: 0, rescued: 0, ignored: 0, reboots: 0, reboot_pending: 0, round_trips: 2 }; // prettier-ignore

const begun = (more: object = {}) => ({
  type: 'run',
  id: '?',
  time,
  kvmnet: '0.1.0',
  user: 'alice as root',
  controller: 'ctrl01',
  pid: 1,
  command: ['kvmnet', 'play', 'site.yml', '-l', 'a b'],
  folder: '/srv/net',
  inventory: ['prod'],
  playbooks: ['site.yml'],
  ...more,
});
const intent = (change: number, more: object = {}) => ({
  type: 'intent',
  ...about('kvm01'),
  change,
  changes,
  undo: { sha256: 'a'.repeat(64), bytes: 9 },
  ...more,
});
const result = (numbers: readonly number[], more: object = {}) => ({
  type: 'task',
  ...about('kvm01'),
  status: 'changed',
  changes,
  ms: 5,
  begun: numbers,
  ...more,
});
const recap = (more: object = {}) => ({
  type: 'recap',
  time,
  hosts: { kvm01: { ...counts, changed: 1, failed: 0 } },
  ms: 1234,
  pending: {},
  ...more,
});

let number = 0;
const run = (lines: readonly object[], rest = ''): RecordedRun => {
  number += 1;
  const id = `20261123-1645${String(number).padStart(2, '0')}-abcd`;
  mkdirSync(join(folder, id));
  writeFileSync(join(folder, id, 'journal.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join('') + rest);
  const recorded = readRun(folder, id);
  if (recorded === undefined) throw new Error(`${id} was not read`);
  return recorded;
};

describe('a journal', () => {
  it('that is not there (yet, or any more) is no run', () => {
    expect(readRun(folder, '20261123-000000-abcd')).toBeUndefined();
    const gone = run([begun(), intent(1)]);
    rmSync(join(folder, gone.id), { recursive: true });
    expect([gone.begun?.user, gone.lines]).toEqual(['alice as root', []]);
  });

  it('is read as far as it goes, with half a line at its end', () => {
    const half = run([begun(), intent(1)], '{"type":"task","ho');
    expect(half.lines).toHaveLength(2);
    expect(half.recap).toBeUndefined();
    expect(run([], '').begun).toBeUndefined();
    expect(run([begun(), { type: 'of a later version' }, recap()]).lines).toHaveLength(2);
  });

  it('tells the state of its run', () => {
    const state = (one: RecordedRun) => fatesOf([one]).stateOf(one);
    expect(state(run([begun(), intent(1), result([1]), recap()]))).toBe('finished');
    expect(state(run([begun(), intent(1), result([1]), recap({ interrupted: true })]))).toBe('interrupted');
    expect(state(run([begun(), intent(1)]))).toBe('interrupted');
    expect(state(run([begun({ controller: hostname(), pid: process.pid }), intent(1)]))).toBe('running');
    expect(state(run([begun({ controller: hostname(), pid: 2 ** 22 + 1 }), intent(1)]))).toBe('interrupted');
  });

  it('tells what later runs have taken back, and brought back again', () => {
    const first = run([
      begun(),
      intent(1),
      intent(2),
      intent(3, { undo: { cannot: 'x' } }),
      result([1]),
      result([2]),
      recap(),
    ]);
    const one = run([begun({ undoes: first.id }), intent(1, { undoes: 2 }), result([1], { undoes: 2 }), recap()]);
    expect(fatesOf([first, one]).stateOf(first)).toBe('partly undone');
    const other = run([begun({ undoes: first.id }), result([], { undoes: 1, status: 'ok' }), recap()]);
    const fates = fatesOf([first, one, other]);
    expect(fates.stateOf(first)).toBe('undone');
    expect(fates.stateOf(one)).toBe('finished');
    const failed = run([
      begun({ undoes: one.id }),
      intent(1, { undoes: 1 }),
      result([1], { undoes: 1, status: 'failed' }),
      recap(),
    ]);
    expect(fatesOf([first, one, other, failed]).stateOf(first)).toBe('undone');
    const back = run([begun({ undoes: one.id }), intent(1, { undoes: 1 }), result([1], { undoes: 1 }), recap()]);
    const all = fatesOf([first, one, other, failed, back]);
    expect([all.stateOf(one), all.stateOf(first)]).toEqual(['undone', 'partly undone']);
    expect([all.isUndone(first.id, 1), all.isUndone(first.id, 2)]).toEqual([true, false]);
  });
});

describe('history', () => {
  it('is a table, a line for each run', () => {
    const runs = [
      run([begun(), intent(1), result([1]), recap()]),
      run([begun({ user: 'bob' }), intent(1), result([1], { status: 'failed' })]),
    ];
    const lines = historyLines(runs, fatesOf(runs), paint).map((line) =>
      line.replace(/2026-11-2\d \d\d:\d\d:\d\d/, 'WHEN'),
    );
    expect(lines[1]).toBe(
      `${runs[0]?.id}  WHEN  alice as root  kvmnet play site.yml -l 'a b'  kvm01        1       0  finished`,
    );
    expect(lines[2]).toBe(
      `${runs[1]?.id}  WHEN  bob            kvmnet play site.yml -l 'a b'  kvm01        0       1  interrupted`,
    );
  });

  it('of one run tells what it changed as the run did, what cannot be undone, and what nobody saw end', () => {
    const one = run([
      begun(),
      intent(1),
      result([1]),
      intent(2, { undo: { cannot: 'shell is an action' }, changes: [] }),
      result([2], { task: 'who knows', changes: [] }),
      intent(3, { task: 'cut off' }),
    ]);
    const text = runLines(one, fatesOf([one]), { paint, verbosity: 0 }).join('\n');
    expect(text.replace(/2026-11-2\d \d\d:\d\d:\d\d/, 'WHEN')).toBe(`run         ${one.id}, interrupted
began       WHEN
by          alice as root on ctrl01, kvmnet 0.1.0
command     kvmnet play site.yml -l 'a b'
in          /srv/net

play net (1 host)
kvm01  changed      a file
kvm01    mode: 0600 -> 0644
kvm01  changed      who knows
kvm01    warning: cannot be undone: shell is an action
kvm01  failed       cut off
kvm01    mode: 0600 -> 0644
kvm01    the run ended while this was being done: how far it came is not known
kvm01    hint: an undo takes back what there is of it
kvm01    task at site.yml:3

the run has not come to its end`);
  });

  it('finds a run by its id, the beginning of one, or last', () => {
    const runs = [run([begun()]), run([begun()])];
    const [first, second] = runs;
    expect(findRun(runs, 'last')).toBe(second);
    expect(findRun(runs, first?.id ?? '')).toBe(first);
    expect(() => findRun(runs, '2026')).toThrow('"2026" means 2 runs');
    expect(() => findRun(runs, '1999')).toThrow('there is no run "1999"');
    expect(() => findRun([], 'last')).toThrow('no run is written down here');
  });
});
