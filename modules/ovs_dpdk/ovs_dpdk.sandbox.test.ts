import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apply, read, runSteps } from '../../src/sdk/testing/apply.ts';
import { createOvsSandbox, type OvsSandbox } from '../../src/sdk/testing/ovs.ts';
import { ovsDpdk } from './index.ts';

// The database is real. DPDK cannot start here: what the kernel would show are files, and a start of ovs-vswitchd with DPDK
// is a stand-in that says "initialised" in the database, as the real one does.
const machine = `
for d in /sys/devices/system/node /sys/bus/pci/devices /sys/kernel/iommu_groups; do mount -t tmpfs tmpfs $d; done
for n in 0 1; do
  mkdir -p /sys/devices/system/node/node$n/hugepages/hugepages-2048kB
  echo 1024 >/sys/devices/system/node/node$n/hugepages/hugepages-2048kB/free_hugepages
done
echo 0 >/sys/devices/system/node/node0/cpulist; echo 1 >/sys/devices/system/node/node1/cpulist
mkdir -p /sys/kernel/iommu_groups/0 /sys/bus/pci/devices/0000:05:00.0 /drivers/vfio-pci /sys/bus/pci/devices/0000:06:00.0/net/eth9
ln -s /drivers/vfio-pci /sys/bus/pci/devices/0000:05:00.0/driver; echo 0 >/sys/bus/pci/devices/0000:05:00.0/numa_node
echo -1 >/sys/bus/pci/devices/0000:06:00.0/numa_node
cat >/usr/local/sbin/ovs-vswitchd <<'END'
#!/bin/sh
case $1 in --version) echo 'ovs-vswitchd (Open vSwitch) 3.1.0'; echo 'DPDK 22.11.4' ;; *) exec /usr/sbin/ovs-vswitchd "$@" ;; esac
END
cat >/usr/local/sbin/systemctl <<'END'
#!/bin/sh
echo "$*" >>/systemctl.log
i=$(ovs-vsctl --no-wait --if-exists get Open_vSwitch . other_config:dpdk-init)
[ -n "$i" ] && r=true || r=false
exec ovs-vsctl --no-wait set Open_vSwitch . dpdk_initialized=$r
END
chmod 755 /usr/local/sbin/*; : >/systemctl.log`;

describe.each([['dash'], ['bash'], ['busybox sh']])('ovs_dpdk under %s', (shell) => {
  let host: OvsSandbox;
  beforeAll(async () => {
    host = await createOvsSandbox({ shell: shell.split(' ') });
    host.look('ovs-vsctl add-br br0 -- set Bridge br0 datapath_type=netdev; ovs-vsctl --no-wait add-br br1');
    host.look(machine);
    // With the real one running "initialised" would be set back at once.
    host.stopSwitch();
  });
  afterAll(() => host.close());
  afterEach(
    () =>
      void host.look(
        'ovs-vsctl --no-wait clear Open_vSwitch . other_config -- clear Open_vSwitch . external_ids -- set Open_vSwitch . dpdk_initialized=false; : >/systemctl.log',
      ),
  );
  const config = (): string => host.look('ovs-vsctl get Open_vSwitch . other_config').trim();
  const restarts = (): number => host.look('cat /systemctl.log').split('\n').length - 1;
  const base = { init: true, socket_mem: [1024, 512], lcore_mask: '0x1', pmd_cores: '1', restart: 'if_required' };

  it('sets, starts, finds nothing to do without a restart, and takes back', () => {
    host.look('ovs-vsctl --no-wait set Open_vSwitch . other_config:n-handler-threads=2');
    const done = apply(ovsDpdk, base, host);
    expect(done.left).toEqual([]);
    expect(config()).toBe(
      '{dpdk-init="true", dpdk-lcore-mask="0x1", dpdk-socket-mem="1024,512", n-handler-threads="2", pmd-cpu-mask="0x2"}',
    );
    expect(restarts()).toBe(1);
    const again = apply(ovsDpdk, base, host);
    expect([again.changes, again.steps, restarts()]).toEqual([[], [], 1]);
    expect(again.now ?? {}).toMatchObject(JSON.parse(JSON.stringify(again.want ?? {})) as object);
    done.undo();
    expect(config()).toBe('{n-handler-threads="2"}');
    expect(read(ovsDpdk, base, host).now).toMatchObject({ initialized: false, init: null });
  });

  it('compares masks as sets and memory without trailing zeros; cores that poll need no restart', () => {
    apply(ovsDpdk, base, host);
    host.look(
      'ovs-vsctl --no-wait set Open_vSwitch . other_config:pmd-cpu-mask=02 other_config:dpdk-lcore-mask=0x00000001 other_config:dpdk-socket-mem=\'"1024,512,0"\'',
    );
    expect(apply(ovsDpdk, base, host).changes).toEqual([]);
    expect(apply(ovsDpdk, { ...base, pmd_cores: null }, host).changes).toEqual([
      { path: 'pmd_cores', from: '1', to: null },
    ]);
    expect(restarts()).toBe(1);
  });

  it('never restarts unasked: what waits for it is pending, and known in the next run', () => {
    const never = { ...base, restart: 'never' };
    // A process that stands for the running ovs-vswitchd.
    host.look('sleep 60 >/dev/null 2>&1 & echo $! >/run/openvswitch/ovs-vswitchd.pid');
    try {
      const first = apply(ovsDpdk, never, host);
      expect(first.left).toEqual([]);
      expect([restarts(), config().includes('dpdk-init="true"')]).toEqual([0, true]);
      const second = read(ovsDpdk, never, host);
      const pending = ovsDpdk.pending?.(second.now as never, second.want, ovsDpdk.params.parse(never));
      expect(pending?.map(({ path }) => path)).toEqual(['initialized', 'restart_due']);
      first.undo();
      expect([config(), host.look('ovs-vsctl get Open_vSwitch . external_ids')]).toEqual(['{}', '{}\n']);
      apply(ovsDpdk, never, host);
      expect(apply(ovsDpdk, base, host).left).toEqual([]);
      expect([restarts(), host.look('ovs-vsctl get Open_vSwitch . external_ids')]).toEqual([1, '{}\n']);
    } finally {
      host.look('kill $(cat /run/openvswitch/ovs-vswitchd.pid); rm /run/openvswitch/ovs-vswitchd.pid');
    }
  });

  it('keeps text as it is, and goes without DPDK', () => {
    const extra = `--log-level="a b" '$(touch /pwned)' \\`;
    expect(apply(ovsDpdk, { ...base, extra }, host).left).toEqual([]);
    expect(read(ovsDpdk, { ...base, extra }, host).changes).toEqual([]);
    expect(host.run('ls /pwned').code).not.toBe(0);
    const gone = apply(ovsDpdk, { state: 'absent', restart: 'if_required' }, host);
    expect([gone.left, config(), restarts()]).toEqual([[], '{}', 2]);
    expect(apply(ovsDpdk, { state: 'absent' }, host).changes).toEqual([]);
  });

  it('refuses before any change what would make the start fail', () => {
    const failing = (params: object) => () => apply(ovsDpdk, { ...base, ...params }, host);
    const port = (devargs: string, bridge = 'br0') => ({ ports: [{ bridge, name: 'dpdk0', devargs }] });
    expect(failing({ socket_mem: [4096] })).toThrow(
      'NUMA node 0 has 2048 MB of free huge pages, and socket_mem asks for 4096',
    );
    expect(failing({ pmd_cores: '0' })).toThrow('core 0 is in pmd_cores and in cores');
    expect(failing({ pmd_cores: '900' })).toThrow('core 900 is not online on this host');
    expect(failing(port('06:00.0'))).toThrow('dpdk0: 0000:06:00.0 is bound to no driver, and DPDK needs vfio-pci');
    expect(failing(port('05:00.0'))).toThrow('dpdk0: 0000:05:00.0 is on NUMA node 0, and no core of pmd_cores is');
    const fits = { lcore_mask: '0x2', pmd_cores: '0' };
    expect(failing({ ...port('05:00.0', 'br1'), ...fits })).toThrow('br1 has its datapath in the kernel');
    expect(failing({ ...port('05:00.0', 'br7'), ...fits })).toThrow('the bridge br7 does not exist');
    host.look('mv /usr/local/sbin/ovs-vswitchd /vs');
    expect(failing({})).toThrow('Open vSwitch on this host is built without DPDK');
    host.look('mv /vs /usr/local/sbin/ovs-vswitchd');
    expect([config(), restarts()]).toEqual(['{}', 0]);
  });

  it('puts the flows back after a restart', () => {
    host.startSwitch();
    host.look(`mv /usr/local/sbin/systemctl /fake; cat >/usr/local/sbin/systemctl <<'END'
#!/bin/sh
p=$(cat /run/openvswitch/ovs-vswitchd.pid); kill "$p"; while kill -0 "$p" 2>/dev/null; do sleep 0.05; done
exec ovs-vswitchd --detach --no-chdir --pidfile --log-file=/run/vswitchd.log 2>/dev/null
END
chmod 755 /usr/local/sbin/systemctl`);
    try {
      host.look("ovs-ofctl -O OpenFlow14 add-flow br0 'priority=7,arp,actions=drop'");
      const { now } = read(ovsDpdk, {}, host);
      const due = { ...now, restart_due: true };
      runSteps(
        ovsDpdk.steps(due as never, { ...now } as never, ovsDpdk.params.parse({ restart: 'if_required' })),
        host,
      );
      expect(host.look('ovs-ofctl -O OpenFlow14 --no-stats dump-flows br0')).toContain('priority=7,arp actions=drop');
      expect(config()).toBe('{}');
    } finally {
      host.look('mv /fake /usr/local/sbin/systemctl');
      host.stopSwitch();
    }
  });

  it('takes a port back that the running Open vSwitch cannot make', () => {
    // The real one of this machine has no DPDK: to it the type is unknown.
    host.startSwitch();
    try {
      const vhost = [{ bridge: 'br0', name: 'vhost0', path: '/run/v.sock' }];
      const params = ovsDpdk.params.parse({ vhost });
      const { now } = read(ovsDpdk, { vhost: [] }, host);
      const running = { ...now, init: 'true', initialized: true };
      const wanted = { bridge: 'br0', type: 'dpdkvhostuserclient', device: '/run/v.sock', error: null };
      const steps = ovsDpdk.steps(running as never, { ...running, ports: { vhost0: wanted } } as never, params);
      expect(() => runSteps(steps, host)).toThrow('Open vSwitch cannot set up vhost0');
      expect(host.look('ovs-vsctl list-ports br0')).toBe('');
    } finally {
      host.stopSwitch();
    }
  });
});
