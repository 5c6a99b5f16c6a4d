import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileStep } from '../../src/sdk/compile.ts';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { hugepages } from './index.ts';

// Pages belong to the whole machine, which a test leaves alone: these are files, and a watcher adds the nodes up and spreads
// the total, as the kernel does. The kernel's own is tested in a virtual machine.
const setup = `
mount -t tmpfs t /sys/kernel/mm; mount -t tmpfs t /sys/devices/system/node; echo >/run/compact; mount --bind /run/compact /proc/sys/vm/compact_memory
for kb in 2048 1048576; do
  mkdir -p /sys/kernel/mm/hugepages/hugepages-\${kb}kB; cd /sys/kernel/mm/hugepages/hugepages-\${kb}kB; echo 0 >nr_hugepages; echo 0 >free_hugepages
  for n in 0 1; do
    d=/sys/devices/system/node/node$n; mkdir -p $d/hugepages/hugepages-\${kb}kB; echo "Node $n MemTotal:       8388608 kB" >$d/meminfo
    echo 0 >$d/hugepages/hugepages-\${kb}kB/nr_hugepages; echo 0 >$d/hugepages/hugepages-\${kb}kB/free_hugepages
  done
done
cat >/run/watch <<'X'
A=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
B=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages; C=/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
a=0 s=0
while sleep 0.02; do
  n=$(cat $A) b=$(cat $B) c=$(cat $C)
  # A file is empty for a moment while it is written.
  [ -n "$n" ] && [ -n "$b" ] && [ -n "$c" ] || continue
  t=$((b + c))
  if [ "$n" != "$a" ]; then echo $((n - n / 2)) >$B; echo $((n / 2)) >$C; a=$n s=$n
  elif [ "$t" != "$s" ]; then echo $t >$A; a=$t s=$t; fi
done
X
setsid sh /run/watch >/dev/null 2>&1 & echo $! >/run/watch.pid`;

describe.each([['sh'], ['bash'], ['busybox sh']])('hugepages on files made for it, under %s', (shell) => {
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' '), setup });
  });
  afterAll(() => {
    host.run('kill $(cat /run/watch.pid)');
    host.close();
  });
  const pages = (kb = 2048): string =>
    host.look(`cat /sys/devices/system/node/node*/hugepages/hugepages-${kb}kB/nr_hugepages | tr '\\n' ' '`).trim();

  // The watcher needs a moment, under load a long one, where the kernel is done at once.
  const reaches = async (expected: string): Promise<void> => {
    const sum = expected.split(' ').reduce((total, node) => total + Number(node), 0);
    const seen = (): string =>
      `${pages()} of ${host.look('cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages').trim()}`;
    for (let tries = 0; tries < 100 && seen() !== `${expected} of ${sum}`; tries += 1) await sleep(50);
    expect(seen()).toBe(`${expected} of ${sum}`);
  };

  it('sets a total, nodes, and takes them back', async () => {
    const all = apply(hugepages, { count: 11 }, host);
    await reaches('6 5');
    expect(read(hugepages, { count: 11 }, host).changes).toEqual([]);
    const nodes = apply(hugepages, { per_node: { 1: 8 } }, host);
    await reaches('6 8');
    expect(nodes.changes).toEqual([
      { path: 'total', from: 11, to: 14 },
      { path: 'nodes[1]', from: 5, to: 8 },
    ]);
    expect(read(hugepages, { per_node: { 1: 8 } }, host).changes).toEqual([]);
    nodes.undo();
    await reaches('6 5');
    all.undo();
    await reaches('0 0');
  });

  it('says when memory is in pieces, and tries to put it together first', () => {
    host.look(
      'chmod 755 /run; mount -t tmpfs t /sys/devices/system/node/node1/hugepages/hugepages-1048576kB; cd /sys/devices/system/node/node1/hugepages/hugepages-1048576kB; echo 1 >/run/one; touch nr_hugepages free_hugepages; echo 0 >free_hugepages; echo 0 >nr_hugepages',
    );
    // A stand-in for cat that writes one page, whatever was asked for.
    host.look(
      `printf '#!/bin/sh\\n/usr/bin/cat >/dev/null; echo 1\\n' >/usr/local/bin/cat; chmod 755 /usr/local/bin/cat`,
    );
    try {
      expect(() => apply(hugepages, { size: '1G', per_node: { 1: 2 } }, host)).toThrow(
        "only 1 of 2 pages of 1048576 kB came together on node 1, memory is in pieces: let the kernel keep them from boot on, grub: { args: { hugepagesz: 1024M, hugepages: '1:2' } }",
      );
    } finally {
      host.look('rm /usr/local/bin/cat; umount /sys/devices/system/node/node1/hugepages/hugepages-1048576kB');
    }
    expect(host.look('cat /run/compact')).toBe('1\n');
  });

  it('mounts them, and takes the mount away', () => {
    const done = apply(hugepages, { mount: '/mnt/huge pages', size: '2M' }, host);
    expect(done.left).toEqual([]);
    expect(host.look('grep hugetlbfs /proc/mounts')).toContain('/mnt/huge\\040pages hugetlbfs rw,relatime,pagesize=2M');
    expect(apply(hugepages, { mount: '/mnt/huge pages' }, host).steps).toEqual([]);
    // At boot nobody looks first, and systemd may have mounted them.
    const p = hugepages.params.parse({ mount: '/mnt/huge pages' });
    for (const step of hugepages.steps(null, { mount: '2M' } as never, p)) host.look(compileStep(step));
    expect(host.look('grep -c huge.040pages /proc/mounts')).toBe('1\n');
    done.undo();
    expect(host.run('grep hugetlbfs /proc/mounts').stdout).not.toContain('/mnt/');
  });

  it('refuses what cannot be', () => {
    const failing = (params: object) => () => read(hugepages, params, host);
    expect(failing({ per_node: { 7: 1 } })).toThrow('there is no NUMA node 7');
    expect(failing({ size: '1G', per_node: { 0: 8 } })).toThrow(
      '8 pages of 1G are more than nine tenths of the memory of node 0 (8192 MiB)',
    );
    host.look(
      'cd /sys/devices/system/node/node0/hugepages/hugepages-1048576kB; echo 4 >nr_hugepages; echo 1 >free_hugepages',
    );
    expect(failing({ size: '1G', per_node: { 0: 2 } })).toThrow('3 pages of node 0 are in use, 2 are less');
    host.look('mv /sys/kernel/mm/hugepages/hugepages-1048576kB /sys/kernel/mm/hugepages/away');
    expect(failing({ size: '1G', count: 1 })).toThrow('this machine has no pages of 1G');
    host.look(
      'mv /sys/kernel/mm/hugepages/away /sys/kernel/mm/hugepages/hugepages-1048576kB; cd /sys/devices/system/node/node0/hugepages/hugepages-1048576kB; echo 0 >nr_hugepages; echo 0 >free_hugepages',
    );
  });
});
