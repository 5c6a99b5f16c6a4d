import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/index.ts';
import { createGuest } from './create-guest.ts';
import type { Guest } from './guest.ts';
import { noGuest, otherThan, playOnGuest, useVmLab } from './use-guest.ts';

const file = join(import.meta.dirname, 'smoke.yml');

describe.skipIf(noGuest())('a fresh machine', () => {
  let lab: Lab;
  let guest: Guest;
  beforeAll(async () => {
    lab = useVmLab();
    const started = performance.now();
    guest = await createGuest(lab, { name: 'smoke' });
    console.log(`from the power button to a login: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  });
  afterAll(async () => await guest.remove());

  it('gets kernel arguments, the reboot they need, and virtual functions, in one play', async () => {
    const boot = await guest.bootId();
    expect(await guest.sh('cat /proc/cmdline')).not.toContain('iommu');
    const played = await playOnGuest(lab, file, guest);
    expect({ code: played.code, tasks: played.tasks.map(({ module, status }) => `${module} ${status}`) }).toEqual({
      code: 0,
      tasks: ['grub changed', 'reboot changed', 'sriov changed'],
    });
    expect(played.recap(guest)).toMatchObject({ reboots: 1 });
    expect(await guest.bootId()).not.toBe(boot);
    expect(await guest.sh('cat /proc/cmdline')).toMatch(/ intel_iommu=on(?= ).* iommu=pt(\s|$)/);
    expect(await guest.sh('ls /sys/kernel/iommu_groups')).not.toBe('');
    expect(await guest.sh('dmesg')).toContain('Default domain type: Passthrough');
    expect(await guest.sh('ls -d /sys/class/net/pf0/device/virtfn* | wc -l')).toBe('4\n');
    expect(await guest.sh('ls /sys/class/net/pf0/device/virtfn?/net | grep -c enp')).toBe('4\n');
  });

  it.each([
    ['then', async () => {}],
    ['after a reboot behind our back', async () => await guest.reboot()],
  ])('has nothing to change %s', async (_, before) => {
    await before();
    expect(await guest.settled()).toEqual([]);
    const check = await playOnGuest(lab, file, guest, ['--check', '--exit-code']);
    expect(otherThan(check, 'ok', 'skipped')).toEqual([]);
    expect(check.code).toBe(0);
  });
});
