import { defineModule } from '../../src/sdk/index.ts';
import { look } from './look.ts';
import { KernelModule, optionsFile } from './params.ts';
import { pendingOf, readState, wantState, type State } from './state.ts';
import { moduleSteps, unloads } from './steps.ts';

export const kernelModule = defineModule({
  name: 'kernel_module',
  summary: 'Kernel modules: loaded now and at boot, with their parameters',
  unproved: 'dracut, and initramfs images of the RHEL family',
  params: KernelModule,
  requires: 'kmod',
  shortForm: 'name',
  examples: [
    { title: 'Bridged packets seen by iptables', params: { name: 'br_netfilter' }, needs: 'vm' },
    { title: 'Nested virtualisation', params: { name: 'kvm_intel', params: { nested: true } }, needs: 'hardware' },
    { title: 'Not this driver', params: { name: 'nouveau', state: 'absent', blacklist: true } },
  ],
  probes: (p) => ({ look: look(p) }),
  state: ({ look }, p): State => readState(look, p),
  want: (p, now, { look }) => wantState(p, now ?? readState(look, p), look),
  steps: (from, to, p) => (from === null || to === null ? [] : moduleSteps(from, to, p)),
  pending: (now, want, p) => pendingOf(now, want, p),
  // It may be the driver of the card that carries us, or a filter's: the kernel does not count that as use.
  touches: (from, to, p) => (from !== null && to !== null && unloads(from, to, p.name) ? { links: ['*'] } : 'none'),
  warnings: (p, _, { look }) => {
    const others = look.modprobe_d.filter(
      ({ file, line }) => file !== optionsFile(p.name) && line.startsWith('options'),
    );
    const hidden = Object.keys(p.params ?? {}).filter(
      (name) => look.loaded && (look.params[name]?.value ?? null) === null,
    );
    return [
      ...(p.params === undefined ? [] : others.map(({ file, line }) => `${file} has parameters for it too: ${line}`)),
      ...hidden.map(
        (name) => `${p.name} does not show its parameter ${name}: it counts from the next time it is loaded`,
      ),
    ];
  },
});
