import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import type { Lab } from '../lab/index.ts';
import { main } from '../lab/play-on.ts';
import { until } from '../lab/process.ts';
import { guestInventoryPath } from './guest-files.ts';
import type { Guest } from './guest.ts';
import { losePower, noGuest, otherThan, playOnGuest, useGuest, useVmLab } from './use-guest.ts';

const keys = '/etc/ssh/lab_authorized_keys';

// What a host keeps in its cache is lost with its power: the way back has to be on the disk before the change is, and the
// confirmation before the run says that all is well.
describe.skipIf(noGuest())('power that is lost', () => {
  let lab: Lab;
  let guest: Guest;
  let files: FolderFiles;
  let before = '';
  beforeAll(async () => {
    lab = useVmLab();
    guest = await useGuest(lab);
    files = folderFiles();
    before = await guest.sh(`cat ${keys}`);
  });
  afterAll(() => files.close());

  const write = (content: string): void => {
    const text = JSON.stringify(content);
    files.put('keys.yml', `- hosts: guests\n  tasks:\n    - copy: { dest: ${keys}, content: ${text} }\n`);
  };

  it('in an open window: the host takes the change back when it boots', async () => {
    write('# nobody\n');
    const argv = [process.execPath, main, 'play', 'keys.yml', '-i', guestInventoryPath(lab), '-l', guest.name];
    const run = lab.spawn([...argv, '--confirm-timeout', '600'], { cwd: files.root, stdio: 'ignore' });
    await until('the change', 300, async () => (await guest.sh(`cat ${keys}`)) === '# nobody\n' || undefined, 50);
    await losePower(guest, run);
    expect(await guest.settled()).toEqual([]);
    expect(await guest.sh(`cat ${keys}`)).toBe(before);
    expect(otherThan(await playOnGuest(lab, join(files.root, 'keys.yml'), guest, ['--check']), 'would-change')).toEqual(
      [],
    );
    expect(await guest.sh('ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants')).not.toContain(
      'confirm',
    );
  });

  it('right after a confirmed change: it stays', async () => {
    const content = `${before}# another comment\n`;
    write(content);
    const played = await playOnGuest(lab, join(files.root, 'keys.yml'), guest, ['--confirm-timeout', '300']);
    await guest.powerOff();
    expect(otherThan(played, 'changed')).toEqual([]);

    await guest.powerOn();
    await guest.waitUp();
    await guest.settled();
    expect(await guest.sh(`cat ${keys}`)).toBe(content);
  });
});
