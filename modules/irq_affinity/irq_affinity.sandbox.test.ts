import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { irqAffinity } from './index.ts';
import { itWhere } from '../../src/sdk/testing/it-where.ts';

// /proc/interrupts as a virtual machine with virtio printed it; /sys and /proc/irq are trees of files in its shape, since
// a test must not move the interrupts of the machine it runs on. The kernel's own answers are tested in a virtual machine.
const interrupts = readFileSync(new URL('cases/virtio-interrupts.txt', import.meta.url), 'utf8');
const mlx = `           CPU0       CPU1
 60:          1          0  IR-PCI-MSI 524288-edge      mlx5_async0@pci:0000:01:00.0
 61:          1          0  IR-PCI-MSI 524289-edge      mlx5_comp0@pci:0000:01:00.0
 62:          1          0  IR-PCI-MSI 524290-edge      mlx5_comp1@pci:0000:01:00.0
`;

const tree = `set -e
mount -t tmpfs t /sys/class/net; mount -t tmpfs t /proc/irq; mount -t tmpfs t /sys/devices/system/cpu; mount -t tmpfs t /sys/devices/system/node
echo 0-3 >/sys/devices/system/cpu/online; echo 3 >/sys/devices/system/cpu/isolated
mkdir -p /sys/devices/system/node/node0; echo 0-1 >/sys/devices/system/node/node0/cpulist
mkdir -p /run/pci0/virtio2 /run/pci0/msi_irqs /run/pci1/msi_irqs /sys/class/net/eth0 /sys/class/net/eth1 /sys/class/net/br0
ln -s /run/pci0/virtio2 /sys/class/net/eth0/device; ln -s /run/pci1 /sys/class/net/eth1/device
for i in 37 38 39; do touch /run/pci0/msi_irqs/$i; done; for i in 60 61 62; do touch /run/pci1/msi_irqs/$i; done
echo 0 >/run/pci1/numa_node
for i in 37 38 39 60 61 62; do mkdir /proc/irq/$i; echo 0-3 >/proc/irq/$i/smp_affinity_list; echo 0 >/proc/irq/$i/effective_affinity_list; done
cat >/run/interrupts; mount --bind /run/interrupts /proc/interrupts`;

// A stand-in for systemd: keeps what it was told in two files.
const systemctl = `#!/bin/sh
case $1 in
  show) echo LoadState=$(cat /run/unit.load); echo ActiveState=$(cat /run/unit.active); echo UnitFileState=$(cat /run/unit.file);;
  start) echo active >/run/unit.active;; stop) echo inactive >/run/unit.active;;
  enable) echo enabled >/run/unit.file;; disable) echo disabled >/run/unit.file;;
  restart) echo restarted >>/run/unit.log;;
esac`;

describe.each([['sh'], ['bash'], ['busybox sh']])('irq_affinity on recorded trees under %s', (shell) => {
  // The other shells prove the snippets, not all of the module once more.
  const all = shell === 'sh';
  let host: Sandbox;
  beforeAll(async () => {
    host = await createSandbox({ shell: shell.split(' ') });
    host.look(
      `cat >/run/tree <<'X'\n${tree}\nX\nsh /run/tree <<'X'\n${interrupts}${mlx.split('\n').slice(1).join('\n')}X`,
    );
    host.look(
      `cat >/usr/bin/systemctl <<'X'\n${systemctl}\nX\nchmod 755 /usr/bin/systemctl; echo loaded >/run/unit.load; echo active >/run/unit.active; echo enabled >/run/unit.file`,
    );
    host.look('echo "#IRQBALANCE_ARGS=" >/etc/default/irqbalance');
  });
  afterAll(() => host.close());
  const affinities = (): string =>
    host.look('cd /proc/irq; for i in *; do echo "$i $(cat $i/smp_affinity_list)"; done').trim();

  it('gives each queue its CPU, both sides of it the same, and takes it back', () => {
    const done = apply(irqAffinity, { dev: 'eth0', cpus: '1-2', irqbalance: 'leave' }, host);
    expect(done.changes).toEqual([
      { path: 'queues[input.0].cpus', from: '0-3', to: '1' },
      { path: 'queues[output.0].cpus', from: '0-3', to: '1' },
    ]);
    expect(done.left).toEqual([]);
    expect(affinities()).toBe('37 0-3\n38 1\n39 1\n60 0-3\n61 0-3\n62 0-3');
    done.undo();
    expect(affinities()).toBe('37 0-3\n38 0-3\n39 0-3\n60 0-3\n61 0-3\n62 0-3');
  });

  itWhere(all)('knows queues by name, the node of the device, and isolated CPUs', () => {
    const spread = apply(irqAffinity, { dev: 'eth1', irqbalance: 'leave' }, host);
    expect(spread.changes.map(({ path, to }) => [path, to])).toEqual([
      ['queues[comp0].cpus', '0'],
      ['queues[comp1].cpus', '1'],
    ]);
    spread.undo();
    expect(
      read(irqAffinity, { dev: 'eth1', policy: 'numa', cpus: '1-3', irqbalance: 'leave' }, host).want,
    ).toMatchObject({
      queues: [
        { queue: 'comp0', cpus: '1' },
        { queue: 'comp1', cpus: '1' },
      ],
    });
    expect(
      read(irqAffinity, { dev: 'eth1', policy: 'list', cpus: '2-3', exclude_isolated: 'no' }, host).want,
    ).toMatchObject({
      queues: [{ cpus: '2-3' }, { cpus: '2-3' }],
    });
  });

  itWhere(all)('reads a mask as a mask: 2 is CPU 1', () => {
    expect(read(irqAffinity, { dev: 'eth1', policy: 'mask', cpus: '2', irqbalance: 'leave' }, host).want).toMatchObject(
      {
        queues: [{ cpus: '1' }, { cpus: '1' }],
      },
    );
  });

  it('bans the interrupts in irqbalance by device, restarts it, and leaves its files as they were', () => {
    const before = host.look('cat /etc/default/irqbalance; ls -R /etc/kvmnet 2>&1 || :');
    const done = apply(irqAffinity, { dev: 'eth0', cpus: '1' }, host);
    expect(done.left).toEqual([]);
    expect(host.look('cat /etc/default/irqbalance')).toBe(
      '#IRQBALANCE_ARGS=\nIRQBALANCE_ARGS="--policyscript=/etc/kvmnet/irqbalance-policy"\n',
    );
    // As irqbalance calls it, for the device and for another one.
    expect(host.look('/etc/kvmnet/irqbalance-policy /run/pci0 38; /etc/kvmnet/irqbalance-policy /run/pci1 61')).toBe(
      'ban=true\n',
    );
    // It gives the device by a link, and interrupts of no device without one.
    expect(
      host.look(
        "ln -s /run/pci0 /run/link; /etc/kvmnet/irqbalance-policy /run/link 38; /etc/kvmnet/irqbalance-policy '' 9; rm /run/link",
      ),
    ).toBe('ban=true\n');
    expect(host.look('cat /run/unit.log')).toBe('restarted\n');
    expect(apply(irqAffinity, { dev: 'eth0', cpus: '1' }, host).steps).toEqual([]);
    const second = apply(irqAffinity, { dev: 'eth1', cpus: '1' }, host);
    expect(host.look('/etc/kvmnet/irqbalance-policy /run/pci1 61')).toBe('ban=true\n');
    second.undo();
    done.undo();
    expect(host.look('cat /etc/default/irqbalance; ls -R /etc/kvmnet 2>&1 || :')).toBe(before);
    host.look('rm /run/unit.log');
  });

  itWhere(all)('keeps other arguments, and refuses to replace a policy script', () => {
    host.look(`echo 'IRQBALANCE_ARGS="--debug"' >/etc/default/irqbalance`);
    const done = apply(irqAffinity, { dev: 'eth0', cpus: '1' }, host);
    expect(host.look('cat /etc/default/irqbalance')).toBe(
      'IRQBALANCE_ARGS="--debug --policyscript=/etc/kvmnet/irqbalance-policy"\n',
    );
    done.undo();
    expect(host.look('cat /etc/default/irqbalance')).toBe('IRQBALANCE_ARGS="--debug"\n');
    host.look(`echo 'IRQBALANCE_ARGS="--policyscript=/etc/own"' >/etc/default/irqbalance`);
    expect(() => read(irqAffinity, { dev: 'eth0' }, host)).toThrow(
      'irqbalance has a policy script of its own (--policyscript=/etc/own in /etc/default/irqbalance)',
    );
    host.look('echo "#IRQBALANCE_ARGS=" >/etc/default/irqbalance');
  });

  itWhere(all)('stops irqbalance, and starts it again when taken back', () => {
    const done = apply(irqAffinity, { dev: 'eth0', irqbalance: 'stop' }, host);
    expect(done.left).toEqual([]);
    expect(host.look('cat /run/unit.active /run/unit.file')).toBe('inactive\ndisabled\n');
    done.undo();
    expect(host.look('cat /run/unit.active /run/unit.file')).toBe('active\nenabled\n');
    host.look('rm -f /usr/bin/systemctl.away; echo not-found >/run/unit.load');
    expect(read(irqAffinity, { dev: 'eth0' }, host).now).toMatchObject({ irqbalance: null });
    host.look('echo loaded >/run/unit.load');
  });

  it('[obs] says why the kernel does not take an affinity', () => {
    // A stand-in for tee, as no file of a sandbox answers so: the messages are those of the C library.
    host.look(`cat >/usr/local/bin/tee <<'X'
#!/bin/sh
read -r why </run/why
case $1 in */38/*) echo "tee: $1: $why" >&2; exit 1;; esac
exec /usr/bin/tee "$@"
X
chmod 755 /usr/local/bin/tee`);
    const failing = (why: string) => () => {
      host.look(`echo '${why}' >/run/why`);
      apply(irqAffinity, { dev: 'eth0', cpus: '2', irqbalance: 'leave' }, host);
    };
    const managed = 'interrupt 38 (virtio2-input.0): the kernel manages this interrupt itself';
    expect(failing('Input/output error')).toThrow(managed);
    expect(failing('Operation not permitted')).toThrow(managed);
    expect(failing('No space left on device')).toThrow('no interrupt vector is free on the CPUs 2');
    expect(failing('Value too large for defined data type')).toThrow('a CPU of 2 does not exist');
    expect(failing('Invalid argument')).toThrow('no CPU of 2 is online');
    host.look('rm /usr/local/bin/tee');
    expect(apply(irqAffinity, { dev: 'eth0', cpus: '2', irqbalance: 'leave' }, host).left).toEqual([]);
  });

  itWhere(all)('refuses what cannot be', () => {
    const failing = (params: object) => () => read(irqAffinity, { irqbalance: 'leave', ...params }, host);
    expect(failing({ dev: 'eth7' })).toThrow('the device eth7 does not exist');
    expect(failing({ dev: 'br0' })).toThrow('br0 has no interrupts of its own');
    expect(failing({ dev: 'eth0', cpus: '2-9' })).toThrow('CPU 4-9 is not there or offline');
    expect(failing({ dev: 'eth0', cpus: '3' })).toThrow('all CPUs that are left (3) are isolated');
    expect(failing({ dev: 'eth1', policy: 'numa', cpus: '2' })).toThrow('none of the CPUs 2 is next to eth1');
  });
});
