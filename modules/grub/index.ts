import { defineModule, refuse } from '../../src/sdk/index.ts';
import { dropIn, kernelCmdline, withoutGroups } from './default-files.ts';
import { Grub } from './params.ts';
import { checkHost, entryTokens, groupsOf, readState, sourceTokens, texts, wantedTokens, type State } from './plan.ts';
import { grubProbe, type Seen } from './read.ts';
import { editedFiles, grubSteps } from './steps.ts';
import { pick, tokenText } from './tokens.ts';

export const grub = defineModule({
  name: 'grub',
  summary: 'Arguments of the kernel, through GRUB',
  unproved: 'grubby and boot entries as files, grub2-mkconfig (RHEL family)',
  params: Grub,
  examples: [
    { title: 'IOMMU for passthrough', params: { iommu: 'pt' }, needs: 'vm' },
    {
      title: '1 GiB pages, and CPUs kept for virtual machines',
      params: {
        args: { default_hugepagesz: '1G', hugepagesz: '1G', hugepages: 8, isolcpus: '2-15', nohz_full: '2-15' },
      },
      needs: 'vm',
    },
    {
      title: 'Messages on the serial line as well',
      params: { args: ['console=tty0', 'console=ttyS0,115200'] },
      needs: 'vm',
    },
    { title: 'No splash any more', params: { args: ['quiet', 'splash'], state: 'absent' }, needs: 'vm' },
  ],
  requires: 'GRUB 2: grubby on RHEL, update-grub on Debian',
  probes: () => ({ boot: grubProbe() }),
  state: (seen, p): State => {
    checkHost(p, seen.boot);
    return readState(p, seen.boot);
  },
  want: (p, now, { boot }) => {
    const wanted = (tokens: Seen['running']): string[] => texts(wantedTokens(p, boot, tokens));
    const args = p.kernel === 'all' ? wanted(sourceTokens(p, boot)) : undefined;
    const want = { args, entries: wanted(entryTokens(p, boot)), running: wanted(boot.running) };
    if (args !== undefined) checkEditable(p, boot, args);
    const set = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
      JSON.stringify(a) === JSON.stringify(b);
    const configured = set(now?.entries, want.entries) && (args === undefined || set(now?.args, args));
    if (configured && boot.bootedSince && !set(now?.running, want.running)) {
      throw refuse(
        `the arguments ${want.running.join(' ')} are configured but not effective: the kernel was started without them`,
        'look whether another boot loader, another entry or the network started it, or pass them in the hypervisor',
      );
    }
    return want;
  },
  steps: (from, to, p, seen, present) =>
    from === null || to === null || seen === undefined ? [] : grubSteps(p, from, to, seen.boot, present?.boot),
  pending: (now, want, p) =>
    want?.running === undefined || JSON.stringify(now?.running) === JSON.stringify(want.running)
      ? []
      : [
          {
            path: 'running',
            reason: `the kernel was started with other arguments (${list(now?.running)}) than are configured (${list(want.running)})`,
            until: 'reboot',
            cause: `another boot loader, another entry, the network or a hypervisor has started it with arguments of its own${p.iommu === undefined || p.iommu === 'off' ? '' : '; and look whether VT-d or AMD-Vi is on in the firmware'}`,
          },
        ],
  touches: () => 'none',
  texts: (seen, p) => {
    if (p.kernel !== 'all') return [];
    const { boot } = seen;
    const after = editedFiles(p, boot, texts(wantedTokens(p, boot, boot.defaults)));
    return [...after].map(([path, text]) => ({ path, before: boot.files.get(path) ?? '', after: text ?? '' }));
  },
});

const list = (args: readonly string[] | undefined): string =>
  args === undefined || args.length === 0 ? 'none of these' : args.join(' ');

// A shell file can make its value in ways that cannot be edited; then it has to be said, not tried.
function checkEditable(p: Grub, boot: Seen, wanted: readonly string[]): void {
  const groups = groupsOf(p, boot);
  const strange = pick(boot.defaults, groups)
    .map(tokenText)
    .find((text) => {
      if (wanted.includes(text)) return false;
      const [name = text] = text.split('=', 1);
      return ![...boot.files].some(([path, content]) =>
        path === dropIn || path === kernelCmdline
          ? content.includes(name.replaceAll('_', '-')) || content.includes(name)
          : withoutGroups(content, groups) !== content,
      );
    });
  if (strange === undefined) return;
  throw refuse(
    `${strange} stands in the files of /etc/default in a way that cannot be edited`,
    'take it out there by hand: GRUB_CMDLINE_LINUX="…" on one line is what kvmnet can change',
  );
}
