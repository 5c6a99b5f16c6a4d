import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libvirtDomain } from '../../modules/libvirt_domain/index.ts';
import { libvirtInterface } from '../../modules/libvirt_interface/index.ts';
import { libvirtNetwork } from '../../modules/libvirt_network/index.ts';
import type { AnyResource } from '../../src/sdk/index.ts';
import { apply, type Applied } from '../../src/sdk/testing/apply.ts';
import { hostSandbox } from './conformance/host-sandbox.ts';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { heedsTheButton } from './power-button.ts';
import { noLab, useLab } from './use-lab.ts';

const mac = '52:54:00:6d:90:02';

const guest = `<domain type='qemu'>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <controller type='pci' model='pcie-root'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
  </devices>
</domain>`;

describe.skipIf(noLab())('a real libvirtd', () => {
  let lab: Lab;
  let host: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-libvirt-'));
  beforeAll(async () => {
    ({ lab } = await useLab());
    [host] = (await lab.systemdHosts(1, { prefix: 'virt' })) as [Host];
    await sh('systemctl start libvirtd openvswitch-switch');
    await sh(
      'ovs-vsctl add-br ovs-br0 -- set bridge ovs-br0 datapath_type=netdev; ip link add br0 type bridge; ip link add br1 type bridge',
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    // Its guests are processes of the host's own, and end with it.
    await host.remove();
  });

  const sh = (script: string): Promise<string> => host.read(['sh', '-c', script]);
  const play = (tasks: readonly object[], args?: readonly string[]): Promise<Played> => {
    const file = join(folder, 'site.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }], null, 2));
    return playOn(lab, file, host, args);
  };
  // The module's own steps, as an undo of the run would take them.
  const change = (module: AnyResource, params: object): Applied => apply(module, params, hostSandbox(host));
  // What failed shows why.
  const outcome = ({ tasks }: Played): readonly string[] =>
    tasks.map(({ status, failure }) => (failure === undefined ? status : JSON.stringify(failure)));
  const problems = ({ tasks, stderr }: Played): string => JSON.stringify(tasks.map(({ failure }) => failure)) + stderr;

  const network = { name: 'lab', bridge: 'virbr-lab', stp: false, mtu: 1400 };
  const domain = { name: 'web1', xml: guest, state: 'running' };
  const plain = { domain: 'web1', mac, type: 'bridge', source: 'br0', driver: { queues: 2 }, mtu: 1400 };
  const site = [{ libvirt_network: network }, { libvirt_domain: domain }, { libvirt_interface: plain }];
  const shown = (options = ''): Promise<string> =>
    sh(`virsh dumpxml ${options} web1 | sed -n '/<interface/,/<\\/interface/p'`);
  const everything = async (): Promise<string> =>
    await sh(
      'for n in $(virsh net-list --all --name); do virsh net-dumpxml --inactive $n; virsh net-info $n; done; for d in $(virsh list --all --name); do virsh domstate $d; virsh dumpxml --inactive $d; done; ip -br link | grep -v vnet',
    );

  it('defines a network, a guest and its interface, all at once, and then finds nothing to do', async () => {
    const check = await play(site, ['--check']);
    expect(await sh('virsh list --all --name')).toBe('\n');
    expect(outcome(check)).toEqual(['would-change', 'would-change', expect.stringMatching(/would-change|unknown/)]);

    const first = await play(site);
    expect(outcome(first)).toEqual(['changed', 'changed', 'changed']);
    expect(await sh('virsh net-list --name --autostart')).toContain('lab');
    expect(await sh('cat /sys/class/net/virbr-lab/mtu /sys/class/net/virbr-lab/bridge/stp_state')).toBe('1400\n0\n');
    expect(await sh('virsh domstate web1')).toBe('running\n\n');
    for (const xml of [await shown(), await shown('--inactive')]) {
      expect(xml).toContain(`<mac address='${mac}'/>`);
      expect(xml).toContain("<source bridge='br0'/>");
      expect(xml).toMatch(/<driver [^>]*queues='2'/);
    }
    expect(await sh('ls /sys/class/net/br0/brif')).toMatch(/^vnet\d+\n$/);

    const again = await play(site);
    expect(outcome(again)).toEqual(['ok', 'ok', 'ok']);
  });

  it('takes the tap of the running guest to another bridge, repairs what others change, and undoes it', async () => {
    const before = await everything();
    const task = { libvirt_interface: { ...plain, source: 'br1', link: 'down' } };
    const moved = change(libvirtInterface, task.libvirt_interface);
    expect([moved.changes.length, moved.left]).toEqual([4, []]);
    expect(await sh('ls /sys/class/net/br1/brif')).toMatch(/^vnet\d+\n$/);
    expect(await shown()).toContain("<link state='down'/>");

    await sh(`virsh domif-setlink web1 ${mac} up; virsh domif-setlink web1 ${mac} up --config`);
    const repaired = await play([task]);
    expect(repaired.tasks[0]?.changes.map(({ path }) => path)).toEqual(['config.link', 'live.link']);
    expect(await shown()).toContain("<link state='down'/>");

    moved.undo();
    expect(await everything()).toBe(before);
    expect(await sh('ls /sys/class/net/br0/brif')).toMatch(/^vnet\d+\n$/);
  });

  it('[obs] live and kept XML differ: what needs a start of the guest is pending, not changed for ever', async () => {
    const task = [{ libvirt_interface: { ...plain, driver: { queues: 1 }, mtu: 1300 } }];
    const changed = await play(task);
    expect(changed.tasks[0]?.changes.map(({ path }) => path)).toEqual(['config.queues', 'config.mtu']);
    expect(changed.tasks[0]?.pending?.map(({ path, until }) => [path, until])).toEqual([
      ['live.queues', 'restart'],
      ['live.mtu', 'restart'],
    ]);
    const again = await play(task);
    expect([outcome(again), again.tasks[0]?.pending?.length]).toEqual([['ok'], 2]);

    await sh('virsh destroy web1; virsh start web1');
    const started = await play(task);
    expect([outcome(started), started.tasks[0]?.pending ?? []]).toEqual([['ok'], []]);
    expect(await shown()).toContain("<mtu size='1300'/>");
    expect((await play(site)).code).toBe(0);
  });

  it('[obs] bandwidth is in kilobytes, and on Open vSwitch it is QoS there, changed while the guest runs', async () => {
    const port = {
      domain: 'web1',
      mac: '52:54:00:6d:90:03',
      type: 'bridge',
      source: 'ovs-br0',
      virtualport: 'openvswitch',
      vlan: 100,
    };
    const limits = (average: number): object => ({
      inbound: { average, peak: 5000, burst: 1024 },
      outbound: { average: 500 },
    });
    const rates = (): Promise<string> =>
      sh(
        "ovs-vsctl --columns=other_config --format=csv --no-headings list qos; ovs-vsctl --columns=ingress_policing_rate --no-headings --format=csv find interface 'ingress_policing_rate>0'",
      );
    const first = await play([{ libvirt_interface: { ...port, bandwidth: limits(1000) } }]);
    expect(outcome(first)).toEqual(['changed']);
    // 1000 kilobytes a second are 8,000,000 bits.
    expect(await rates()).toMatch(/max-rate=""40000000"", min-rate=""8000000""[\s\S]*\n4000\n/);
    const second = await play([{ libvirt_interface: { ...port, bandwidth: limits(2000) } }]);
    expect(second.tasks[0]?.changes.map(({ path }) => path)).toEqual(['config.inbound', 'live.inbound']);
    expect(await rates()).toContain('min-rate=""16000000""');
    expect(outcome(await play([{ libvirt_interface: { ...port, bandwidth: limits(2000) } }]))).toEqual(['ok']);
    // libvirt says yes to another VLAN and does nothing, so it waits for a start.
    const other = await play([{ libvirt_interface: { ...port, vlan: 200, bandwidth: limits(2000) } }]);
    expect(other.tasks[0]?.pending?.map(({ path }) => path)).toEqual(['live.vlan']);
    expect(await sh('ovs-vsctl --columns=tag --no-headings --format=csv find port tag=100')).toBe('100\n');
  });

  it('[obs] defining a network does not change it while it runs; net-update does where it can', async () => {
    const addresses = { ...network, name: 'mgmt', bridge: 'virbr-mgmt', addresses: ['10.77.0.1/24'] };
    const range = (start: string): object => ({ dhcp_ranges: [{ start, end: '10.77.0.200' }] });
    const before = await everything();
    const first = change(libvirtNetwork, { ...addresses, ...range('10.77.0.100') });
    expect(first.left).toEqual([]);
    const index = await sh('cat /sys/class/net/virbr-mgmt/ifindex');

    const second = await play([{ libvirt_network: { ...addresses, ...range('10.77.0.50'), mtu: 1300 } }]);
    expect(second.tasks[0]?.changes.map(({ path }) => path)).toEqual([
      'config.mtu',
      'config.dhcp_ranges',
      'live.dhcp_ranges',
    ]);
    expect(second.tasks[0]?.pending?.map(({ path }) => path)).toEqual(['live.mtu']);
    expect(await sh('cat /sys/class/net/virbr-mgmt/mtu /sys/class/net/virbr-mgmt/ifindex')).toBe(`1400\n${index}`);
    expect(await sh('virsh net-dumpxml mgmt')).toContain("<range start='10.77.0.50' end='10.77.0.200'/>");

    const third = change(libvirtNetwork, { ...addresses, mtu: 1300, restart: 'if_required' });
    expect([third.changes.map(({ path }) => path), third.left]).toEqual([['live.mtu'], []]);
    expect(await sh('cat /sys/class/net/virbr-mgmt/mtu')).toBe('1300\n');
    first.undo();
    expect(await everything()).toBe(before);
  });

  it('pins the CPUs of a running guest, and takes everything away', async () => {
    const pins = await play([
      { libvirt_domain: { name: 'web1', cpu_pins: { '0': '1' }, memory_backing: { shared: true } } },
    ]);
    expect(outcome(pins)).toEqual(['changed']);
    expect(await sh('virsh vcpupin web1 --live')).toMatch(/\n 0 +1\n/);
    expect(await sh('virsh dumpxml --inactive web1')).toContain("<access mode='shared'/>");
    // The interfaces are libvirt_interface's: defining the guest again leaves them.
    expect(await shown('--inactive')).toContain(mac);
    const noGuest = change(libvirtDomain, { name: 'web1', state: 'absent' });
    const noNetwork = change(libvirtNetwork, { name: 'lab', state: 'absent' });
    expect([noGuest.left, noNetwork.left]).toEqual([[], []]);
    expect(await sh('virsh list --all --name; virsh net-list --all --name')).not.toMatch(/web1|lab/);
    noNetwork.undo();
    noGuest.undo();
    expect(await shown('--inactive')).toContain(mac);
    expect(await sh('virsh domstate web1; virsh net-list --name')).toMatch(/running[\s\S]*lab/);
  });

  it('says what is missing, and what cannot be', async () => {
    const says = async (task: object): Promise<string> => problems(await play([task]));
    expect(await says({ libvirt_interface: { ...plain, domain: 'nobody' } })).toContain('there is no domain nobody');
    expect(await says({ libvirt_interface: { ...plain, driver: { queues: 4 } } })).toContain(
      '4 queues are more than the 2 vCPUs of web1',
    );
    expect(await says({ libvirt_interface: { ...plain, source: 'br9' } })).toContain('the bridge br9 does not exist');
    expect(await says({ libvirt_interface: { ...plain, source: 'ovs-br0' } })).toContain('ovs-br0 is no Linux bridge');
    await sh('systemctl stop libvirtd libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket 2>/dev/null');
    try {
      expect(await says({ libvirt_network: network })).toContain('libvirt does not answer');
    } finally {
      await sh('systemctl start libvirtd');
    }
  });

  it('is all there again after the host has been restarted', async () => {
    await sh('systemctl --quiet enable libvirtd virtlogd.socket libvirtd.socket');
    const kept = [
      { libvirt_network: network },
      { libvirt_domain: { name: 'vnf1', xml: guest, state: 'running', autostart: true } },
      { libvirt_interface: { domain: 'vnf1', mac: '52:54:00:6d:90:07', type: 'network', source: 'lab' } },
    ];
    expect((await play(kept)).code).toBe(0);
    await host.reboot();
    await sh(
      'for i in $(seq 100); do [ -d /sys/class/net/virbr-lab/brif ] && [ -n "$(ls /sys/class/net/virbr-lab/brif)" ] && break; sleep 0.2; done',
    );
    expect(await sh('virsh domstate vnf1; ls /sys/class/net/virbr-lab/brif')).toMatch(/^running\n\nvnet\d+\n$/);
    const check = await play(kept, ['--check']);
    expect(outcome(check)).toEqual(['ok', 'ok', 'ok']);
  });

  // The guest of before has no system of its own, and does not heed the button.
  it('stands in the way of a reboot while a guest runs, unless it is said what to do with it', async () => {
    const before = host.bootId();
    const refused = await play([{ reboot: { force: true } }]);
    expect(outcome(refused)[0]).toContain('not rebooted: a virtual machine runs on it: vnf1');
    expect((await play([{ reboot: { force: true } }], ['--check'])).tasks[0]?.warnings).toEqual([
      'the reboot will be refused: a virtual machine runs on it: vnf1',
    ]);
    const deaf = await play([{ reboot: { force: true, guests: 'shutdown', guests_timeout: 3 } }]);
    expect(outcome(deaf)[0]).toContain('not rebooted: after 3 s still there: vnf1');
    expect(host.bootId()).toBe(before);
    expect(await sh('virsh domstate vnf1')).toBe('running\n\n');

    const saved = await play([{ reboot: { force: true, guests: 'managed_save' } }]);
    expect(outcome(saved)).toEqual(['changed']);
    expect(host.bootId()).not.toBe(before);
    await sh('for i in $(seq 150); do virsh domstate vnf1 2>/dev/null | grep -q running && break; sleep 0.2; done');
    expect(await sh('virsh domstate --reason vnf1')).toBe('running (restored)\n\n');

    const ignored = await play([{ reboot: { force: true, guests: 'ignore' } }]);
    expect(outcome(ignored)).toEqual(['changed']);
    expect(ignored.recap(host).reboots).toBe(1);
  });

  it('is rebooted once a guest that was told to shut down has done so', async () => {
    await host.outside(['sh', '-c', 'virsh destroy vnf1; virsh undefine --managed-save vnf1']);
    await host.read(['tee', '/var/lib/libvirt/images/heeds.img'], { input: heedsTheButton() });
    const said = '/var/log/libvirt/heeds';
    const domain = {
      name: 'heeds',
      xml: `<domain type='qemu'>
        <memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
        <devices>
          <disk type='file'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/heeds.img'/><target dev='sda' bus='sata'/></disk>
          <serial type='file'><source path='${said}'/></serial>
        </devices>
      </domain>`,
      state: 'running',
    };
    const before = host.bootId();
    const shut = await play([
      { libvirt_domain: domain },
      { command: `sh -c 'until grep -q up ${said}; do sleep 0.1; done'` },
      { reboot: { force: true, guests: 'shutdown', guests_timeout: 60 } },
    ]);
    expect(outcome(shut)).toEqual(['changed', 'changed', 'changed']);
    expect(host.bootId()).not.toBe(before);
    // What the guest itself has said: it was asked, and went.
    expect(await sh(`cat ${said}`)).toContain('up, off');
  });
});
