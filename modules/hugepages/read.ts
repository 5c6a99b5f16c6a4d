import { probeScript, refuse, sh, toolText, type Probe } from '../../src/sdk/index.ts';
import { kilobytes, type Hugepages } from './params.ts';

export type State = {
  /** Pages on all nodes. */
  total: number;
  nodes: { [node: string]: number };
  /** Size of the pages that are mounted there; null: nothing is, or nothing is asked. */
  mount: string | null;
  default_size: string;
};

interface Node {
  readonly pages: number;
  readonly free: number;
  /** Memory in kB. */
  readonly memory: number;
}

export interface Seen {
  readonly supported: boolean;
  readonly total: number;
  readonly free: number;
  readonly memory: number;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly mount: string | null;
  /** kB. */
  readonly defaultSize: number;
  /** Files of sysctl that set the number too. */
  readonly rivals: readonly string[];
}

// "$1" kB of a page, "$2" mount point or empty.
const look = sh`mm=/sys/kernel/mm/hugepages/hugepages-$1kB
[ -d "$mm" ] || { echo unsupported; exit 0; }
read -r n <"$mm/nr_hugepages"; read -r f <"$mm/free_hugepages"
echo "all $n $f"
for d in /sys/devices/system/node/node[0-9]*; do
  h=$d/hugepages/hugepages-$1kB
  [ -d "$h" ] || continue
  read -r n <"$h/nr_hugepages"; read -r f <"$h/free_hugepages"
  m=0
  while read -r _ _ key value _; do if [ "$key" = MemTotal: ]; then m=$value; break; fi; done <"$d/meminfo"
  echo "node \${d##*/node} $n $f $m"
done
while read -r key value _; do
  case $key in MemTotal:) echo "memory $value";; Hugepagesize:) echo "default $value";; esac
done </proc/meminfo
if [ -n "$2" ]; then
  while read -r _ path type options _; do
    if [ "$path" = "$2" ] && [ "$type" = hugetlbfs ]; then printf '%s\n' "mounted $options"; fi
  done </proc/mounts
fi
grep -sl '^ *vm[./]nr_hugepages' /etc/sysctl.conf /etc/sysctl.d/*.conf | while read -r f; do printf '%s\n' "rival $f"; done
exit 0`;

export const pagesProbe = (p: Hugepages): Probe<Seen> =>
  probeScript(look, [String(kilobytes(p.size)), typeof p.mount === 'string' ? escaped(p.mount) : ''], (output) => {
    const lines = toolText(output, 'sh')
      .split('\n')
      .map((line) => line.split(' '));
    const all = (word: string): readonly string[][] =>
      lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
    const [[total = '0', free = '0'] = []] = all('all');
    const [[options] = []] = all('mounted').toReversed();
    return {
      supported: !lines.some(([word]) => word === 'unsupported'),
      total: Number(total),
      free: Number(free),
      memory: Number(all('memory')[0]?.[0] ?? 0),
      nodes: new Map(
        all('node').map(([node = '', pages, spare, memory]): [string, Node] => [
          node,
          { pages: Number(pages), free: Number(spare), memory: Number(memory) },
        ]),
      ),
      mount: options === undefined ? null : (/(?:^|,)pagesize=(\w+)/.exec(options)?.[1] ?? 'default'),
      defaultSize: Number(all('default')[0]?.[0] ?? 2048),
      rivals: all('rival').map((words) => words.join(' ')),
    };
  });

// /proc/mounts writes white space and backslashes as octal numbers.
export const escaped = (path: string): string =>
  path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

export const readState = (seen: Seen): State => ({
  total: seen.total,
  nodes: Object.fromEntries([...seen.nodes].map(([node, { pages }]) => [node, pages])),
  mount: seen.mount,
  default_size: seen.defaultSize === 1_048_576 ? '1G' : '2M',
});

/** Refuses numbers that would leave the host without memory, or that take away what is in use. */
export function checkPages(p: Hugepages, seen: Seen): void {
  const kB = kilobytes(p.size);
  if (!seen.supported) {
    throw refuse(
      `this machine has no pages of ${p.size}`,
      p.size === '1G' ? 'the processor needs pdpe1gb; use 2M' : 'the kernel needs hugetlbfs',
    );
  }
  const judge = (what: string, wanted: number, node: Node): void => {
    if (node.memory > 0 && wanted * kB > node.memory * 0.9) {
      throw refuse(
        `${wanted} pages of ${p.size} are more than nine tenths of the memory of ${what} (${Math.floor(node.memory / 1024)} MiB)`,
        `ask for at most ${Math.floor((node.memory * 0.9) / kB)}`,
      );
    }
    const used = node.pages - node.free;
    if (wanted < node.pages && wanted < used) {
      throw refuse(`${used} pages of ${what} are in use, ${wanted} are less`, 'stop the programs that use them first');
    }
  };
  if (p.count !== undefined) judge('the host', p.count, { pages: seen.total, free: seen.free, memory: seen.memory });
  for (const [number, wanted] of Object.entries(p.per_node ?? {})) {
    const node = seen.nodes.get(number);
    if (node === undefined) {
      throw refuse(
        `there is no NUMA node ${number}`,
        `this host has ${[...seen.nodes.keys()].join(', ') || 'none, use count'}`,
      );
    }
    judge(`node ${number}`, wanted, node);
  }
}
