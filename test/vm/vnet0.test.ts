import { beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import type { Lab } from '../lab/index.ts';
import type { Guest } from './guest.ts';
import { noGuest, otherThan, playOnGuest, useGuest, useVmLab } from './use-guest.ts';

const playbook = `- hosts: guests
  tasks:
    - tc_htb:
        dev: vnet0
        default: 30
        classes:
          - { classid: '1:1', rate: 10mbit }
          - { classid: '1:10', parent: '1:1', rate: 6mbit, ceil: 10mbit }
          - { classid: '1:20', parent: '1:1', rate: 3mbit, ceil: 8mbit }
          - { classid: '1:30', parent: '1:1', rate: 1mbit, ceil: 5mbit }
`;

// It never runs a step: what counts is the tap that libvirt makes for it.
const domain = `<domain type='qemu'>
  <name>web1</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <interface type='ethernet'><mac address='52:54:00:6d:90:10'/><model type='virtio'/></interface>
    <controller type='usb' model='none'/><memballoon model='none'/>
  </devices>
</domain>
`;

describe.skipIf(noGuest())('the tap of a domain', () => {
  let lab: Lab;
  let guest: Guest;
  let files: FolderFiles;
  beforeAll(async () => {
    lab = useVmLab();
    guest = await useGuest(lab);
    files = folderFiles();
    files.put('site.yml', playbook);
    await guest.read(
      ['sh', '-euc', 'systemctl --quiet enable --now libvirtd; cat >/root/web1.xml; virsh -q define /root/web1.xml'],
      {
        input: domain,
        timeout: 300,
      },
    );
    return async () => {
      files.close();
      await guest.outside(
        ['sh', '-c', 'virsh -q destroy web1; virsh -q undefine web1; systemctl disable --now libvirtd'],
        { timeout: 300 },
      );
    };
  });
  const startDomain = async (): Promise<void> => {
    await guest.read(['virsh', '-q', 'start', 'web1', '--paused'], { timeout: 600 });
    expect(await guest.sh('ls /sys/class/net')).toMatch(/^vnet0$/m);
  };
  const classes = async (): Promise<string> => (await guest.outside(['tc', 'class', 'show', 'dev', 'vnet0'])).stdout;
  const all =
    /class htb 1:1 root .*\n[^]*class htb 1:10 parent 1:1 [^]*class htb 1:20 parent 1:1 [^]*class htb 1:30 parent 1:1 /;

  it('is shaped while it is there', async () => {
    await startDomain();
    const played = await playOnGuest(lab, `${files.root}/site.yml`, guest);
    expect(otherThan(played, 'changed')).toEqual([]);
    expect((await classes()).split('\n').toSorted().join('\n')).toMatch(all);
  });

  it('is shaped again when the domain starts after a reboot', async () => {
    await guest.reboot();
    expect(await guest.settled()).toEqual([]);
    expect(await guest.sh('ls /sys/class/net')).not.toContain('vnet0');
    await startDomain();
    await expect
      .poll(async () => (await classes()).split('\n').toSorted().join('\n'), { timeout: 60_000, interval: 500 })
      .toMatch(all);
    const check = await playOnGuest(lab, `${files.root}/site.yml`, guest, ['--check', '--exit-code']);
    expect(otherThan(check, 'ok')).toEqual([]);
  });

  it('is shaped again when the domain is stopped and started, under the same name', async () => {
    await guest.sh('virsh -q destroy web1');
    expect(await guest.sh('ls /sys/class/net')).not.toContain('vnet0');
    // libvirt counts on while it lives: the next domain would have vnet1.
    await guest.sh('systemctl restart libvirtd');
    await startDomain();
    await expect
      .poll(async () => (await classes()).split('\n').toSorted().join('\n'), { timeout: 60_000, interval: 500 })
      .toMatch(all);
  });
});
