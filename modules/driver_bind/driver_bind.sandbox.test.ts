import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { imitatedPci } from '../../src/sdk/testing/imitated-pci.ts';
import type { Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { driverBind } from './index.ts';

const drivers = (sandbox: Sandbox): string =>
  sandbox.look(
    `cd /sys/bus/pci/devices; for a in *; do d=$(readlink $a/driver); echo "$a \${d##*/} $(sed 's/(null)//' $a/driver_override)"; done`,
  );

// The watcher needs a moment, under load a long one, where the kernel is done at once.
const reaches = async (sandbox: Sandbox, wanted: (drivers: string) => boolean): Promise<void> => {
  for (let tries = 0; tries < 100 && !wanted(drivers(sandbox)); tries += 1) await sleep(50);
  expect(drivers(sandbox)).toSatisfy(wanted);
};
const has = (text: string) => (shown: string) => shown.includes(text);
const makeFunctions = async (sandbox: Sandbox): Promise<void> => {
  sandbox.look('echo 2 >/sys/bus/pci/devices/0000:05:00.0/sriov_numvfs');
  await reaches(sandbox, has('0000:05:10.0 ixgbevf \n0000:05:10.1 ixgbevf \n'));
};

// The card, its driver and the kernel are imitated: see imitatedPci.
describe.each(testShells)('against an imitated card, $name', ({ shell, setup }) => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await imitatedPci({ shell });
    sandbox.look(setup);
    sandbox.look('cp -f --remove-destination /opt/imitated/ip /opt/busybox/ip');
    await makeFunctions(sandbox);
  });
  afterEach(() => sandbox.close());

  it('binds, finds nothing to do, and takes it back', async () => {
    const before = drivers(sandbox);
    const params = { devices: ['eth0/1', '05:10.0'], driver: 'vfio-pci' };
    const done = apply(driverBind, params, sandbox);
    await reaches(sandbox, has('0000:05:10.0 vfio-pci vfio-pci\n0000:05:10.1 vfio-pci vfio-pci\n'));
    expect(read(driverBind, params, sandbox).changes).toEqual([]);
    expect(apply(driverBind, params, sandbox).steps).toEqual([]);
    done.undo();
    await reaches(sandbox, (shown) => shown === before);
  });

  it('gives a device back to the driver that the kernel takes, or to none', async () => {
    apply(driverBind, { device: '0000:05:00.0/0', driver: 'vfio-pci' }, sandbox);
    await reaches(sandbox, has('0000:05:10.0 vfio-pci vfio-pci\n'));
    apply(driverBind, { device: '05:10.0', driver: null }, sandbox);
    await reaches(sandbox, has('0000:05:10.0 ixgbevf \n'));
    expect(read(driverBind, { device: '05:10.0', driver: null }, sandbox).changes).toEqual([]);
    apply(driverBind, { device: '05:10.0', driver: 'none' }, sandbox);
    await reaches(sandbox, has('0000:05:10.0  \n'));
    expect(read(driverBind, { device: '05:10.0', driver: 'none' }, sandbox).changes).toEqual([]);
  });
});

describe('refuses', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await imitatedPci();
    await makeFunctions(sandbox);
  });
  afterEach(() => sandbox.close());
  const failing = (params: object) => () => read(driverBind, { driver: 'vfio-pci', ...params }, sandbox);

  it('what is not there, and what is in use', () => {
    expect(failing({ device: '06:00.0' })).toThrow('the device 0000:06:00.0 does not exist');
    expect(failing({ device: 'eth0/7' })).toThrow('the device eth0/7 does not exist');
    expect(failing({ ids: ['1234:5678'] })).toThrow('no device is one of 1234:5678');
    expect(failing({ device: '05:10.0', driver: 'no-such-driver' })).toThrow(
      'this kernel has no driver no-such-driver',
    );
    sandbox.look(
      `echo '[{"ifname":"eth0v0","addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":24,"scope":"global"}]}]' >/run/addresses; ln -s ../br0 /sys/class/net/eth0v1/master`,
    );
    expect(failing({ device: '05:10.0' })).toThrow('0000:05:10.0 is in use: eth0v0 has the address 10.0.0.1/24');
    expect(failing({ device: '05:10.1' })).toThrow('0000:05:10.1 is in use: eth0v1 is a port of br0');
    expect(read(driverBind, { device: '05:10.0', driver: 'vfio-pci', force: true }, sandbox).changes).not.toEqual([]);
    expect(read(driverBind, { device: '05:10.0', driver: 'ixgbevf' }, sandbox).changes.map(({ path }) => path)).toEqual(
      ['devices[0000:05:10.0].override'],
    );
  });

  it('half of an IOMMU group, and vfio without an IOMMU', () => {
    sandbox.look('ln -s /sys/devices/pci0000:00/0000:05:00.0 /sys/kernel/iommu_groups/40/devices/');
    expect(failing({ device: '05:10.0' })).toThrow('0000:05:00.0 (ixgbe) is in the IOMMU group 40 too');
    expect(failing({ devices: ['05:10.0', '05:00.0'] })).not.toThrow();
    sandbox.look('rm /sys/devices/pci0000:00/0000:05:10.1/iommu_group');
    expect(failing({ device: '05:10.1' })).toThrow('0000:05:10.1 is in no IOMMU group, which vfio-pci needs');
    expect(failing({ device: '05:10.1', noiommu: true })).not.toThrow();
  });
});
