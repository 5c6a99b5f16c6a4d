import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import type { Lab } from '../lab/index.ts';
import type { Played } from '../lab/play-on.ts';
import { createGuest } from './create-guest.ts';
import type { Guest } from './guest.ts';
import { expectLooks, type Look } from './looks.ts';
import { noGuest, otherThan, playOnGuest, useVmLab } from './use-guest.ts';

const site = fileURLToPath(new URL('../../playbooks/site.yml', import.meta.url));

/** An uplink with virtual functions and queues, so that no task of the playbook has a reason to be skipped. */
const inventory = (guest: Guest): string => `all:
  children:
    kvm:
      hosts:
        ${guest.name}: { vtep_ip: ${guest.address} }
        elsewhere: { vtep_ip: 10.97.9.1 }
      vars:
        underlay: mgmt0
        uplink: pf0
        management: 10.97.0.0/16
        tenants: [{ name: blue, vni: 100, vlan: 100 }, { name: red, vni: 200, vlan: 200 }]
        guest_switch: ovs-br0
        traffic:
          default: 30
          classes: [{ classid: '1:1', rate: 10mbit }, { classid: '1:30', parent: '1:1', rate: 1mbit, ceil: 5mbit }]
        ospf: { networks: [10.97.0.0/16] }
        reboot_timeout: 1800
`;

const LOOKS: readonly Look[] = [
  ['cat /proc/cmdline', / intel_iommu=on(?= ).* iommu=pt(\s|$)/],
  ['ls -d /sys/class/net/pf0/device/virtfn* | wc -l', '4\n'],
  ['cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/tcp_wmem', '1\n4096\t65536\t134217728\n'],
  ['ip -d link show vxlan100', /master br-blue.*[^]*vxlan id 100 /],
  ['ip -d link show vxlan200', /master br-red.*[^]*vxlan id 200 /],
  ['bridge fdb show dev vxlan200 | grep 00:00:00:00:00:00', /^00:00:00:00:00:00 dst 10\.97\.9\.1 .*permanent\n$/],
  ["ethtool -l pf0 | awk '/^Combined/ { print $2 }' | uniq | wc -l", '1\n'],
  ['tc class show dev pf0 classid 1:30', /class htb 1:30 parent 1:1 .*rate 1Mbit ceil 5Mbit/],
  ['ovs-vsctl list-ports ovs-br0; ovs-vsctl get Port vl-red tag', 'vl-blue\nvl-red\n200\n'],
  ['ovs-dpctl show', /vl-red/],
  ["vtysh -c 'show ip ospf interface mgmt0'", /mgmt0 is up[^]*Timer intervals configured, Hello 1s, Dead 4s/],
  [
    'iptables -S KVMNET-INPUT',
    /-s 10\.97\.0\.0\/16 .*--dport 22 .*-j ACCEPT\n[^]*-i mgmt0 -p udp .*--dport 4789 .*-j ACCEPT/,
  ],
  [
    'iptables -t nat -S KVMNET-POSTROUTING',
    '-N KVMNET-POSTROUTING\n-A KVMNET-POSTROUTING -s 192.168.0.0/16 -o mgmt0 -j MASQUERADE\n',
  ],
];

describe.skipIf(noGuest())('a machine with site.yml', { timeout: 7_200_000 }, () => {
  let lab: Lab;
  let guest: Guest;
  let files: FolderFiles;
  beforeAll(async () => {
    lab = useVmLab();
    guest = await createGuest(lab, { name: 'site' });
    files = folderFiles();
    files.put('kvm.yml', inventory(guest));
  });
  afterAll(async () => {
    files.close();
    await guest.remove();
  });
  // Not the machine's load is what is tried here.
  const play = async (...args: readonly string[]): Promise<Played> =>
    await playOnGuest(lab, site, guest, ['-i', `${files.root}/kvm.yml`, '--confirm-timeout', '300', ...args], 3500);

  it('gets it in one play, one reboot included', async () => {
    const played = await play();
    expect(otherThan(played, 'changed', 'ok')).toEqual([]);
    expect(played.code).toBe(0);
    expect(played.recap(guest)).toMatchObject({ reboots: 1, reboot_pending: 0, skipped: 0 });
    await expectLooks(guest, LOOKS);
  });

  it('has nothing to change after a reboot behind our back', async () => {
    await guest.reboot();
    expect(await guest.settled()).toEqual([]);
    const check = await play('--check', '--exit-code');
    expect(otherThan(check, 'ok')).toEqual([]);
    expect(check.code).toBe(0);
    await expectLooks(guest, LOOKS);
  });
});
