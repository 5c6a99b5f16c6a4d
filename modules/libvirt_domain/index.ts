import { defineModule, refuse } from '../../src/sdk/index.ts';
import { LibvirtDomain } from './params.ts';
import { guestProbe, type Run } from './probe.ts';
import { liveOnly, readState, wantedFacts, type State } from './read.ts';
import { domainSteps, staleFacts } from './steps.ts';

export const libvirtDomain = defineModule({
  name: 'libvirt_domain',
  summary: 'A guest of libvirt: defined, running, its memory and its CPUs',
  unproved: 'virtqemud in place of libvirtd (RHEL 9)',
  params: LibvirtDomain,
  examples: [
    {
      title: 'A virtual network function in few words, running, with memory for vhost-user and pinned CPUs',
      params: {
        name: 'fw1',
        define: {
          memory: 4096,
          vcpus: 2,
          cpu: 'host-passthrough',
          disks: [{ file: '/var/lib/libvirt/images/fw1.qcow2' }],
        },
        memory_backing: { hugepages: true, shared: true },
        cpu_pins: { '0': '2', '1': '3' },
        emulator_pin: '0-1',
        autostart: true,
        state: 'running',
      },
      needs: 'vm',
    },
    {
      title: 'By its XML',
      params: {
        name: 'web1',
        xml: `<domain type='qemu'>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <controller type='pci' model='pcie-root'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
  </devices>
</domain>`,
        state: 'running',
      },
    },
    {
      title: 'Other CPUs for a guest that runs',
      params: { name: 'web1', cpu_pins: { '0': '1', '1': '1' }, emulator_pin: '0' },
    },
    { title: 'Its plug pulled', params: { name: 'web1', state: 'destroyed', autostart: false } },
    { title: 'No such guest; its disks stay', params: { name: 'web1', state: 'absent' } },
  ],
  requires: 'libvirt-daemon-system, libvirt-clients and QEMU',
  prepare: async (p, files) => (p.template === undefined ? p : { ...p, xml: await files.render(p.template) }),
  probes: (p) => ({ guest: guestProbe(p.name) }),
  state: ({ guest }, p): State | null => (guest === null ? null : readState(guest, p)),
  want: (p, now, { guest }) => {
    if (p.state === 'absent') return null;
    if (guest === null && p.xml === undefined && p.define === undefined) {
      throw refuse(`there is no domain ${p.name}`, 'give xml, template or define, and it is made');
    }
    const run = wantedRun(p, now?.run);
    const running = run === 'shut off' ? null : guest?.live;
    return {
      run,
      autostart: p.autostart,
      persistent: true,
      config: wantedFacts(p, guest?.config),
      live: running ? liveOnly(wantedFacts(p, running)) : undefined,
    };
  },
  steps: (from, to, p, seen) => domainSteps(p, from, to, seen?.guest),
  pending: (now, want, p) => {
    if (!now?.live || !want?.live || p.restart === 'if_required') return [];
    return staleFacts(now.live, want.live).map((path) => ({
      path: `live${access(path)}`,
      reason: `${p.name} runs with its old ${path} until it is shut down and started again (restart: if_required)`,
      until: 'restart',
    }));
  },
  settle: { timeout: 10 },
});

/** As in a program, like all paths of changes. */
const access = (path: string): string => (/^[A-Za-z_][\w-]*$/.test(path) ? `.${path}` : `[${JSON.stringify(path)}]`);

function wantedRun(p: LibvirtDomain, now: Run | undefined): Run | undefined {
  if (p.state === undefined) return now ?? 'shut off';
  if (p.state === 'shutdown' || p.state === 'destroyed') return 'shut off';
  return p.state === 'paused' ? 'paused' : 'running';
}
