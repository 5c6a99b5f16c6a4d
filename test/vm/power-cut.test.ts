import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import type { Lab } from '../lab/index.ts';
import { main, type Played } from '../lab/play-on.ts';
import { sleep } from '../lab/process.ts';
import { guestInventoryPath } from './guest-files.ts';
import type { Guest } from './guest.ts';
import { losePower, noGuest, otherThan, playOnGuest, useGuest, useVmLab } from './use-guest.ts';

const MOMENTS = 10;

/** Files by path, with the hash of their content; all that a play of this test may touch, and what may be left beside it. */
type Files = ReadonlyMap<string, string>;

/** What is written beside a file before it takes its place, and where uploads wait. */
const temporary = /\/\.kvmnet[.-]/;

// What a boot or a run writes by itself: journals, caches of systemd, udev and apt, the seed of the random generator.
const seen = `find / -xdev -type f ! -path '/proc/*' ! -path '/sys/*' ! -path '/run/*' ! -path '/var/log/*' ! -path '/var/cache/*' \
  ! -path '/var/lib/systemd/*' ! -path '/var/lib/private/*' ! -path '/var/tmp/systemd-private*' ! -path '/usr/lib/*' ! -path '/usr/bin/*' \
  ! -path '/usr/sbin/*' ! -path '/usr/share/*' ! -path '/var/lib/dpkg/*' ! -path '/boot/initrd*' ! -path '/boot/vmlinuz*' \
  ! -path '/boot/grub/i386-pc/*' ! -path '/opt/*' ! -path '/etc/openvswitch/*' -exec sha256sum {} +`;

describe.skipIf(noGuest())(`power that is lost at ${MOMENTS} moments of a run`, () => {
  let lab: Lab;
  let guest: Guest;
  let files: FolderFiles;
  let took = 0;
  beforeAll(async () => {
    lab = useVmLab();
    guest = await useGuest(lab);
    files = folderFiles();
    copyFileSync(join(import.meta.dirname, 'power-cut.yml'), join(files.root, 'power-cut.yml'));
    // Large enough that a cut finds it half way.
    files.put('big', randomBytes(6e6).toString('base64'));
  });
  afterAll(() => files.close());

  const args = (round: number): string[] => ['-e', JSON.stringify({ round })];
  const play = async (round: number, more: readonly string[] = []): Promise<Played> =>
    await playOnGuest(lab, join(files.root, 'power-cut.yml'), guest, [...args(round), ...more]);
  const look = async (): Promise<Files> =>
    new Map(
      (await guest.sh(seen, { timeout: 300 }))
        .split('\n')
        .filter((line) => line !== '')
        .map((line): [string, string] => [line.slice(66), line.slice(0, 64)]),
    );

  it('begins with a whole one', async () => {
    const first = await play(1);
    expect(otherThan(first, 'changed')).toEqual([]);
    took = first.seconds;
  });

  it.each(Array.from({ length: MOMENTS }, (_, i) => i + 2))('round %i', async (round) => {
    files.put('big', randomBytes(6e6).toString('base64'));
    const before = await look();
    await guest.sh('sync');

    const argv = [process.execPath, main, 'play', 'power-cut.yml', '-i', guestInventoryPath(lab), ...args(round)];
    const run = lab.spawn(argv, { cwd: files.root, stdio: 'ignore' });
    // Connecting is no moment worth a cut: from the first second to just before the end.
    await sleep(1000 + ((took * 1000 - 1000) * (round - 1.5)) / MOMENTS);
    const over = run.exitCode !== null;
    await losePower(guest, run);
    expect(await guest.settled()).toEqual([]);
    const cut = await look();
    const again = await play(round);
    expect(otherThan(again, 'changed', 'ok')).toEqual([]);
    const after = await look();
    const half = [...cut].filter(
      ([path, hash]) => !temporary.test(path) && before.get(path) !== hash && after.get(path) !== hash,
    );
    const lost = [...before.keys()].filter((path) => !cut.has(path) && after.has(path));
    console.log(
      `round ${round}: ${over ? 'the run was over; ' : ''}${[...after].filter(([path, hash]) => cut.get(path) === hash && before.get(path) !== hash).length} of ${[...after].filter(([path, hash]) => before.get(path) !== hash).length} files were new`,
    );
    expect({ half, lost }).toEqual({ half: [], lost: [] });
    expect(otherThan(await play(round, ['--check']), 'ok')).toEqual([]);
    // Nothing that a cut has left beside the files outlives the next run.
    expect([...after.keys()].filter((path) => temporary.test(path))).toEqual([]);
  });
});
