import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFacts } from './parse.ts';
import { factsSnippet } from './snippet.ts';

const recorded = readFileSync(new URL('cases/intel-sriov.txt', import.meta.url), 'utf8');

describe('facts', () => {
  it('tells what a hypervisor is', () => {
    const facts = parseFacts(recorded);
    expect(facts).toMatchObject({
      hostname: 'kvm01',
      os: { id: 'rocky', family: 'redhat', version: '9.3', major: 9 },
      kernel: { release: '6.1.0-18-amd64', args: expect.arrayContaining(['intel_iommu=on', 'iommu=pt']) as string[] },
      cpu: { count: 8, vendor: 'intel', virtualization: 'vmx', isolated: '2-3' },
      memory: { total_mb: 128_000, available_mb: 64_000 },
      hugepages: { '1G': { total: 4, free: 3 }, '2M': { total: 0, free: 0 } },
      iommu: { groups: 88 },
      virtualization: { type: 'none' },
      init: 'systemd',
      package_manager: 'dnf',
      uptime: 86_461,
      bridges: { br0: { ports: ['eth1'] } },
      default_interface: { ipv4: { name: 'eth0', gateway: '10.0.1.254' }, ipv6: null },
    });
    expect(facts['numa']).toEqual([
      { id: 0, cpus: '0-3', memory_mb: 64_000, hugepages: { '1G': { total: 4, free: 3 } } },
      { id: 1, cpus: '8-11', memory_mb: 64_000, hugepages: {} },
    ]);
  });

  it('tells what its interfaces are', () => {
    expect(parseFacts(recorded)['net']).toMatchObject({
      eth0: {
        mac: '3c:ec:ef:00:00:00',
        mtu: 9000,
        speed: 25_000,
        driver: 'ice',
        pci: '0000:17:00.0',
        numa_node: 0,
        sriov_totalvfs: 64,
        sriov_numvfs: 4,
        queues: { rx: 8, tx: 8 },
        ipv4: ['10.0.1.1'],
        ipv6: [],
      },
      // Down: no speed. The PCI function of a virtio device is the one above it.
      eth1: { speed: null, pci: '0000:00:03.0', numa_node: null, master: 'br0', sriov_totalvfs: 0 },
    });
  });

  it.each([['dash'], ['bash'], ['busybox sh']])('is read alike by %s', (shell) => {
    const [command = '', ...args] = shell.split(' ');
    const { stdout, stderr, status } = spawnSync(command, args, { input: factsSnippet, encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const facts = parseFacts(stdout);
    expect(facts['boot_id']).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(facts['kernel']).toMatchObject({ release: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim() });
    expect(Object.keys(facts['net'] as object)).toContain('lo');
    expect(facts['memory']).toMatchObject({ total_mb: expect.any(Number) as number });
  });

  it('takes whatever a host prints without a crash', () => {
    const words = fc.array(fc.oneof(fc.constantFrom('net', 'cpu', 'node', 'json', 'addr', 'huge', 'mem'), fc.string()));
    fc.assert(
      fc.property(fc.array(words), (rows) => {
        const facts = parseFacts(rows.map((row) => row.join('\t')).join('\n'));
        expect(facts).toMatchObject({ os: { family: 'unknown' }, ostree: false });
      }),
    );
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('takes %s for a name like any other', (name) => {
    const rows = [
      `os\tID=${name}`,
      `os\tID_LIKE="${name} debian"`,
      `cpu\tvendor_id : ${name}`,
      `huge\t2048kB\t${name}\t7`,
      `net\t${name}\tmtu\t1500`,
      `json\troute4\t[{"dst":"default","dev":"${name}"}]`,
      `json\troute6\t[{"dst":"default","dev":"valueOf"}]`,
    ];
    const facts = parseFacts(rows.join('\n'));
    // Nothing but JSON in it, and nothing that an object has by itself.
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
    expect(facts['os']).toMatchObject({ family: 'debian' });
    expect(facts['cpu']).toMatchObject({ vendor: name });
    expect(Object.keys(facts['net'] as object)).toEqual([name]);
    expect(facts['default_interface']).toEqual({ ipv4: { name, gateway: null }, ipv6: null });
    expect(({} as Record<string, unknown>)['7']).toBeUndefined();
  });
});
