import { describe, expect, it } from 'vitest';
import { linkConfigFiles, linkConfigWarnings } from './link-config.ts';

describe('linkConfigFiles', () => {
  const files = (stdout: string) =>
    linkConfigFiles('eth0').parse({ stdout, stderr: '', code: 0, bytes: Buffer.from(stdout) });

  it.each([
    ['/etc/network/interfaces:iface eth0 inet manual', true],
    ['/etc/netplan/01.yaml:    eth0:', true],
    ['/etc/netplan/01.yaml:      interfaces: [eth0, eth1]', true],
    ['/etc/systemd/network/10.network:Name=eth0', true],
    ['/etc/sysconfig/network-scripts/ifcfg-a:DEVICE="eth0"', true],
    ['/etc/network/interfaces:iface eth0.100 inet manual', false],
    ['/etc/network/interfaces:# iface eth0 inet dhcp', false],
    ['/etc/network/interfaces:iface veth0 inet manual', false],
  ])('%s', (line, found) => {
    expect(files(`${line}\n${line}\n`)).toEqual(found ? [line.split(':')[0]] : []);
  });
  it('warns', () => {
    expect(linkConfigWarnings('eth0', ['/etc/network/interfaces'])).toEqual([
      '/etc/network/interfaces defines eth0 too: take it out there, or it will be changed back',
    ]);
  });
});
