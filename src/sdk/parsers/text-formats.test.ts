import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ProbeOutput } from '../probe.ts';
import { parseEthtoolCoalesce, parseEthtoolFeatures, parseEthtoolPairs } from './ethtool.ts';
import { parseIptablesSave } from './iptables-save.ts';
import { parseKeyValue } from './key-value.ts';
import { ovsdbMap, ovsdbOptional, ovsdbSet, parseOvsdb } from './ovsdb.ts';
import { parseInterrupts } from './proc-interrupts.ts';

const output = (stdout: string, more: Partial<ProbeOutput> = {}): ProbeOutput => ({
  stdout,
  stderr: '',
  code: 0,
  bytes: Buffer.from(stdout),
  ...more,
});
const file = (name: string): string => readFileSync(new URL(`cases/${name}`, import.meta.url), 'utf8');

describe('ovs-vsctl --format=json', () => {
  const [bridges = [], ports = []] = parseOvsdb(output(file('ovs-list.json')));
  const port = (name: string) => ports.find((row) => row['name'] === name) ?? {};

  it('reads one table a line', () => {
    expect(bridges).toHaveLength(1);
    expect(bridges[0]).toMatchObject({ name: 'br0', stp_enable: false, other_config: { a: 'x=y,"z"' } });
    expect(ovsdbMap(bridges[0]?.['external_ids'])).toEqual({ n: '1' });
    expect(ovsdbSet(bridges[0]?.['protocols'])).toEqual(['OpenFlow10', 'OpenFlow13']);
  });
  it('takes the bare scalar of a set of one, and the empty set of nothing', () => {
    expect(ovsdbSet(port('p3')['trunks'])).toEqual([30]);
    expect(ovsdbSet(port('p2')['trunks'])).toEqual([10, 20]);
    expect(ovsdbSet(port('p1')['trunks'])).toEqual([]);
    expect(ovsdbOptional(port('p1')['tag'])).toBe(10);
    expect(ovsdbOptional(port('p2')['tag'])).toBeNull();
    expect(ovsdbSet(port('b1')['interfaces'])).toHaveLength(2);
    expect(ovsdbSet(port('p1')['interfaces'])[0]).toMatch(/^[0-9a-f-]{36}$/);
  });
  it('says what it cannot read', () => {
    expect(() => parseOvsdb(output('{"headings":["a"],"data":[[["blob",1]]]}'))).toThrow('no value of OVSDB');
    expect(() => parseOvsdb(output('', { code: 127 }))).toThrow('ovs-vsctl is not installed');
  });
});

describe('iptables-save', () => {
  it('reads tables, policies and rules without counters', () => {
    const tables = parseIptablesSave(file('iptables-save.txt'));
    expect([...tables.keys()]).toEqual(['filter', 'nat']);
    expect(tables.get('filter')?.get('FORWARD')).toEqual({ policy: 'DROP', rules: ['-j KVMNET-FORWARD'] });
    expect(tables.get('filter')?.get('KVMNET-FORWARD')).toEqual({
      policy: null,
      rules: [
        '-d 10.0.0.1/32 ! -i lo -p tcp -m tcp --dport 80 -m comment --comment "it\\\'s \\"quoted\\" $(x)" -j ACCEPT',
        '-m limit --limit 1/sec -j REJECT --reject-with icmp-port-unreachable',
        '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '',
      ],
    });
  });
  it('refuses a line it does not know', () => {
    expect(() => parseIptablesSave('*filter\nWarning: legacy')).toThrow('a line that begins with "Warning:"');
  });
});

describe('ethtool', () => {
  it('reads channels as text, with what the device does not have', () => {
    expect(parseEthtoolPairs(output(file('ethtool-l.txt')), 'ethtool -l')).toEqual(
      new Map([
        ['rx', { current: 1, max: 2 }],
        ['tx', { current: 1, max: 2 }],
        ['other', { current: null, max: null }],
        ['combined', { current: null, max: null }],
      ]),
    );
  });
  // Written after ethtool 6.x's netlink/rings.c.
  it('reads rings as JSON', () => {
    const text = '[ {"ifname":"eth0","rx-max":4096,"rx-mini-max":null,"tx-max":4096,"rx":512,"tx":256,"cqe-size":0} ]';
    expect(parseEthtoolPairs(output(text), 'ethtool -g')).toEqual(
      new Map([
        ['rx', { current: 512, max: 4096 }],
        ['tx', { current: 256, max: 4096 }],
        ['cqe size', { current: 0, max: null }],
      ]),
    );
  });
  it('reads features alike as text and as JSON', () => {
    const text = parseEthtoolFeatures(output(file('ethtool-k.txt')));
    const json = parseEthtoolFeatures(output(file('ethtool-k.json')));
    expect(text.get('tx-checksum-ipv4')).toEqual({ on: false, fixed: true });
    expect([...json].filter(([name]) => text.has(name))).toEqual([...text]);
    expect(text.size).toBeGreaterThan(50);
  });
  // Written after ethtool's coalesce.c.
  it('reads coalescing', () => {
    const text =
      'Coalesce parameters for eth0:\nAdaptive RX: on  TX: n/a\nstats-block-usecs:\tn/a\nrx-usecs:\t3\nrx-frames:\t0\n\n';
    expect(parseEthtoolCoalesce(output(text))).toEqual(
      new Map([
        ['adaptive-rx', 1],
        ['rx-usecs', 3],
        ['rx-frames', 0],
      ]),
    );
  });
  it('takes a device without the feature for one without settings', () => {
    const nothing = output('', { code: 1, stderr: 'netlink error: Operation not supported\n' });
    expect(parseEthtoolPairs(nothing, 'ethtool -g').size).toBe(0);
    expect(parseEthtoolCoalesce(nothing).size).toBe(0);
    expect(() => parseEthtoolFeatures(output('', { code: 127 }))).toThrow('ethtool is not installed');
  });
});

describe('/proc/interrupts', () => {
  it('reads device interrupts by name', () => {
    const lines = parseInterrupts(file('proc-interrupts.txt'));
    expect(lines).toHaveLength(19);
    expect(lines.find(({ irq }) => irq === 38)?.name).toBe('virtio2-input.0');
    expect(lines.find(({ irq }) => irq === 26)).toMatchObject({ counts: [0, expect.any(Number)], name: 'ttyS0' });
  });
  it.each([
    [
      ' 44:    1   2  IR-PCI-MSI-0000:05:00.0    1-edge      mlx5_comp0@pci:0000:05:00.0',
      'mlx5_comp0@pci:0000:05:00.0',
    ],
    [' 44:    1   2  IR-PCI-MSI 524288-edge      eth0-TxRx-0', 'eth0-TxRx-0'],
    ['  9:    1   2  IO-APIC   9-fasteoi   acpi, i801_smbus', 'acpi, i801_smbus'],
    [' 55:    1   2  ITS-MSI 65538 Edge      nvme0q2', 'nvme0q2'],
    [' 11:    1   2  GICv3  30 Level     arch_timer', 'arch_timer'],
  ])('reads %s', (line, name) => {
    expect(parseInterrupts(`           CPU0       CPU1\n${line}\n`)[0]?.name).toBe(name);
  });
});

describe('key=value', () => {
  it('keeps what follows the first sign', () => {
    expect(parseKeyValue('a=1\nExecStart=x --y=z\n\nnoise\n=3\nb=')).toEqual(
      new Map([
        ['a', '1'],
        ['ExecStart', 'x --y=z'],
        ['b', ''],
      ]),
    );
  });
});
