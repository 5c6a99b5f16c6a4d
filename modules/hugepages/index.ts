import { defineModule, exec, sh, snippet, type Pending, type Step, type Want } from '../../src/sdk/index.ts';
import { Hugepages, kilobytes } from './params.ts';
import { checkPages, escaped, pagesProbe, readState, type State } from './read.ts';

// "$1" where, "$2" the size, "$3" how /proc/mounts writes "$1". At boot, systemd may have been there before (dev-hugepages.mount).
const mountPages = sh`while read -r _ path type options _; do
  [ "$path" = "$3" ] && [ "$type" = hugetlbfs ] || continue
  case ,$options, in *,pagesize=$2,*) exit 0;; esac
done </proc/mounts
mkdir -p "$1" && mount -t hugetlbfs -o "pagesize=$2" hugetlbfs "$1"`;

// "$1" kB of a page; stdin: lines "all NUMBER" or "NODE NUMBER". The kernel gives as many as it finds in one piece, and no
// error where that are fewer. Since Linux 5.16 it takes numbers of nodes at boot as well (commit b5389086ad7b).
const setPages = sh`bad=0
while read -r where n; do
  case $where in
    all) f=/sys/kernel/mm/hugepages/hugepages-$1kB/nr_hugepages; on= arg=$n;;
    *) f=/sys/devices/system/node/node$where/hugepages/hugepages-$1kB/nr_hugepages; on=" on node $where" arg="'$where:$n'";;
  esac
  printf '%s\n' "$n" | cat >"$f" || exit
  read -r got <"$f"
  if [ "$got" -lt "$n" ]; then
    { echo 1 >/proc/sys/vm/compact_memory; } 2>/dev/null
    printf '%s\n' "$n" | cat >"$f" || exit
    read -r got <"$f"
  fi
  if [ "$got" -lt "$n" ]; then
    bad=1
    echo "only $got of $n pages of $1 kB came together$on, memory is in pieces: let the kernel keep them from boot on, grub: { args: { hugepagesz: $(($1 / 1024))M, hugepages: $arg } }" >&2
  fi
done
exit $bad`;

export const hugepages = defineModule({
  name: 'hugepages',
  summary: 'Memory in large pages, for virtual machines and DPDK',
  unproved: 'pages of 1 GiB, several NUMA nodes',
  params: Hugepages,
  examples: [
    { title: '2048 pages of 2 MiB', params: { count: 2048 }, needs: 'vm' },
    {
      title: 'Pages of 1 GiB on each node, mounted for DPDK',
      params: { size: '1G', per_node: { 0: 4, 1: 4 }, mount: '/dev/hugepages1G' },
      needs: 'hardware',
    },
  ],
  requires: 'a kernel with hugetlbfs',
  probes: (p) => ({ seen: pagesProbe(p) }),
  state: ({ seen }): State => readState(seen),
  want: (p, now, { seen }): Want<State> => {
    checkPages(p, seen);
    const nodes = p.per_node === undefined ? undefined : { ...now?.nodes, ...p.per_node };
    return {
      total: nodes === undefined ? p.count : sum(nodes),
      nodes,
      mount: p.mount === undefined ? undefined : p.mount === false ? null : p.size,
      default_size: p.default_size,
    };
  },
  steps: (from, to, p) => (to === null ? [] : pageSteps(p, from, to)),
  pending: (now, want, p) => pendingOf(p, now, want),
  touches: () => 'none',
  boot: (p) => ({
    id: p.size,
    state: null,
    anchor: { unit: 'multi-user.target' },
    // As early as can be: later, memory is in pieces.
    after: ['local-fs.target'],
    before: ['libvirtd.service', 'virtqemud.service', 'ovs-vswitchd.service'],
    // The same numbers once more change nothing.
    guard: { script: sh`false`, args: [] },
  }),
  warnings: (p, now, { seen }) =>
    p.size === now?.default_size && (p.count !== undefined || p.per_node !== undefined)
      ? seen.rivals.map((file) => `${file} sets vm.nr_hugepages too: take it out there`)
      : [],
});

const sum = (nodes: Readonly<Record<string, number>>): number =>
  Object.values(nodes).reduce((all, pages) => all + pages, 0);

function pageSteps(p: Hugepages, from: State | null, to: State): readonly Step[] {
  const lines: string[] = [];
  const nodes = Object.entries(to.nodes ?? {});
  // A boot unit that only mounts sets no numbers. Where the nodes do not add up to the total, only that was asked for.
  const exact = nodes.length > 0 && sum(to.nodes) === to.total;
  const asked = p.count !== undefined || p.per_node !== undefined;
  const changed = asked && (from?.total !== to.total || JSON.stringify(from.nodes) !== JSON.stringify(to.nodes));
  if (changed && exact) lines.push(...nodes.map(([node, pages]) => `${node} ${pages}\n`));
  else if (changed) lines.push(`all ${to.total}\n`);
  const write =
    p.method === 'boot' || lines.length === 0
      ? []
      : [snippet(setPages, [String(kilobytes(p.size))], { stdin: lines.join('') })];
  return [...write, ...mountSteps(p, from?.mount ?? null, to.mount)];
}

function mountSteps(p: Hugepages, from: string | null, to: string | null): readonly Step[] {
  if (typeof p.mount !== 'string' || from === to) return [];
  const mount = p.mount;
  if (to === null) return [exec(['umount', mount])];
  return [...(from === null ? [] : [exec(['umount', mount])]), snippet(mountPages, [mount, to, escaped(mount)])];
}

function pendingOf(p: Hugepages, now: State | null, want: Want<State> | null): readonly Pending[] {
  const pending: Pending[] = [];
  if (p.default_size !== undefined && now !== null && now.default_size !== p.default_size) {
    pending.push({
      path: 'default_size',
      reason: `the kernel was started with pages of ${now.default_size} as default: grub: { args: { default_hugepagesz: ${p.default_size} } }`,
      until: 'reboot',
      cause: `/proc/cmdline has no default_hugepagesz=${p.default_size}, or the processor has no pages of that size (pdpe1gb in /proc/cpuinfo)`,
    });
  }
  if (p.method !== 'boot' || now === null || want === null) return pending;
  const reason = `the kernel brings pages of ${p.size} from boot on: grub: { args: { hugepagesz: ${p.size}, hugepages: ${want.total ?? 0} } }`;
  const cause =
    'the kernel did not find so much free memory in one piece, or /proc/cmdline does not have these arguments';
  const more = { reason, until: 'reboot', cause } as const;
  if (want.total !== undefined && want.total !== now.total) pending.push({ path: 'total', ...more });
  for (const [node, pages] of Object.entries(want.nodes ?? {})) {
    if (pages !== now.nodes[node]) pending.push({ path: `nodes[${node}]`, ...more });
  }
  return pending;
}
