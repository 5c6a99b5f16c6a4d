import type { Host } from './host.ts';

/** What a host looks like from outside, line by line, by topic. Counters, ages and handles are left out. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

// One command a topic. What changes by itself (packet counts, lifetimes, neighbours' ages) is taken out here, and what a link
// that has been up once keeps: the discipline "noqueue"; sessions of those who look; the copy that FRR makes of its own file.
const TOPICS: Readonly<Record<string, string>> = {
  links: `ip -d -o link show | sed -E 's/ (qlen|numtxqueues) .*//; s/^[0-9]+: //; s/@if[0-9]+/@if/; s/ qdisc (noop|noqueue)//'`,
  addresses: `ip -o addr show | sed -E 's/ valid_lft .*//; s/^[0-9]+: //' | grep -v ' scope link'`,
  routes:
    'ip route show table all | grep -v "^fe80\\|^multicast\\|^local fe80\\|^ff00"; ip -6 route show table all | grep -v "fe80\\|^multicast\\|^anycast"',
  rules: 'ip rule show; ip -6 rule show',
  qdiscs: `tc qdisc show | sed -E 's/ refcnt [0-9]+//' | grep -v ' noqueue ' | sed -E 's/^(qdisc [^ ]+) [0-9a-f]+: (dev [^ ]+ parent)/\\1 \\2/'`,
  classes:
    'for d in /sys/class/net/*; do tc class show dev "${d##*/}"; tc filter show dev "${d##*/}"; done | sed -E "s/ leaf [0-9a-f]+:/ leaf/"',
  fdb: 'bridge fdb show | grep permanent | grep -v "^[^ ]* dev .* 33:33:\\|01:00:5e\\|33:33:\\|01:80:c2"; bridge vlan show 2>/dev/null',
  iptables: `iptables-save 2>/dev/null | ${rulesOnly()}`,
  ip6tables: `ip6tables-save 2>/dev/null | ${rulesOnly()}`,
  nftables: `nft list tables 2>/dev/null | grep -Ev ' ip6? (filter|nat|mangle|raw|security)$' | while read -r _ table; do nft list table $table; done | sed -E 's/counter packets [0-9]+ bytes [0-9]+/counter/'`,
  sysctl:
    'sysctl -a 2>/dev/null | grep "^net\\." | grep -v "nf_conntrack_count\\|stat_refresh\\|tcp_fastopen_key\\|use_tempaddr\\|stable_secret"',
  ovs: 'ovs-vsctl --timeout=3 show 2>/dev/null | grep -v ovs_version | tail -n +2',
  files:
    'find /etc /var/lib/kvmnet /usr/local -xdev ! -name "*.new" ! -path "/etc/frr/frr.conf.sav" ! -path "/etc/mtab" -printf "%y %m %u:%g %p %l\\n" 2>/dev/null | sort',
  contents:
    'find /etc /var/lib/kvmnet /usr/local -xdev -type f ! -path /etc/frr/frr.conf.sav -exec sha256sum {} + 2>/dev/null | sort -k2',
  units:
    '[ ! -d /run/systemd/system ] || { systemctl list-unit-files --no-legend --no-pager | grep -v "^session-" | sed "s/  */ /g"; systemctl list-units --type=service,timer,socket --state=active --no-legend --no-pager --plain | grep -Ev "^user(-runtime-dir)?@" | sed -E "s/ +/ /g" | cut -d" " -f1-4; }',
};

/** Rules with their table before them. An empty built-in chain that accepts is the same as none: reading may make one. */
function rulesOnly(): string {
  const counters = `sed -E 's/\\[[0-9]+:[0-9]+\\]//'`;
  return `${counters} | awk '/^\\*/ { table = substr($1, 2) } /^-/ { print table, $0 } /^:/ && $2 != "ACCEPT" { print table, $1, $2 }'`;
}

const MARK = '=== kvmnet lab topic ';

/** Reads all topics in one go. */
export async function takeSnapshot(host: Host): Promise<Snapshot> {
  const script = Object.entries(TOPICS).map(([topic, command]) => `echo '${MARK}${topic}'\n{ ${command}; }\n`);
  const text = await host.read(['sh', '-s'], { input: `${script.join('')}true\n` });
  const snapshot: Record<string, readonly string[]> = {};
  for (const part of text.split(MARK).slice(1)) {
    const [topic = '', ...lines] = part.split('\n');
    snapshot[topic] = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  }
  return snapshot;
}

/** What is in one and not in the other: `files - …` was there before, `files + …` is there now. Empty when nothing changed. */
export function differences(before: Snapshot, now: Snapshot): readonly string[] {
  const topics = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...topics].flatMap((topic) => {
    const was = before[topic] ?? [];
    const is = now[topic] ?? [];
    return [
      ...less(was, is).map((line) => `${topic} - ${line}`),
      ...less(is, was).map((line) => `${topic} + ${line}`),
      ...(isOrdered(topic) && was.join('\n') !== is.join('\n') && less(was, is).length + less(is, was).length === 0
        ? [`${topic} in another order`]
        : []),
    ];
  });
}

const isOrdered = (topic: string): boolean => topic.endsWith('tables');

/** The lines of `a` that `b` has fewer of. */
function less(a: readonly string[], b: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of b) left.set(line, (left.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const n = left.get(line) ?? 0;
    left.set(line, n - 1);
    return n <= 0;
  });
}
