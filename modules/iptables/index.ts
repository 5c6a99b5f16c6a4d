import { defineModule, missing, probeScript, refuse, sh } from '../../src/sdk/index.ts';
import { isBuiltIn, jumpAt, jumpBehindAll, ownChain, prefix } from './chains.ts';
import { familiesOf, Iptables, rulesOf } from './params.ts';
import { familyProbe, readState, type FamilySeen, type FamilyState } from './read.ts';
import { familySteps } from './steps.ts';

type State = { ipv4?: FamilyState; ipv6?: FamilyState };

/** Who else keeps the firewall, and whether the host routes. No program is started. */
const surroundings = sh`for unit in firewalld ufw; do
  for group in /sys/fs/cgroup/system.slice /sys/fs/cgroup/systemd/system.slice; do
    if [ -e "$group/$unit.service/cgroup.procs" ]; then echo "$unit"; fi
  done
done
if [ -r /etc/ufw/ufw.conf ]; then
  while read -r line; do if [ "$line" = ENABLED=yes ]; then echo ufw; fi; done </etc/ufw/ufw.conf
fi
read -r v4 </proc/sys/net/ipv4/ip_forward && echo "forward4=$v4"
if read -r v6 </proc/sys/net/ipv6/conf/all/forwarding; then echo "forward6=$v6"; fi 2>/dev/null
exit 0`;

export const iptables = defineModule({
  name: 'iptables',
  summary: 'Rules of iptables and ip6tables, in chains of our own',
  unproved: 'iptables-services (RHEL family) beside ours',
  params: Iptables,
  examples: [
    {
      title: 'Masquerade a tenant network',
      params: { table: 'nat', chain: 'POSTROUTING', rules: ['-s 192.168.1.0/24 -j MASQUERADE'] },
    },
    {
      title: 'A firewall between two links, in order',
      params: {
        chain: 'FORWARD',
        rules: [
          '-i eth0 -o eth1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
          { in_interface: 'eth1', out_interface: 'eth0', jump: 'ACCEPT' },
          '-j DROP',
        ],
      },
    },
    {
      title: 'Only SSH and VXLAN come in, on both families',
      params: {
        family: 'both',
        chain: 'INPUT',
        position: 'first',
        rules: [
          '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
          { in_interface: 'lo', jump: 'ACCEPT' },
          { protocol: 'tcp', destination_port: 22, jump: 'ACCEPT', comment: 'administration' },
          { protocol: 'udp', destination_port: 4789, jump: 'ACCEPT' },
        ],
        policy: 'DROP',
      },
    },
    { title: 'Ours out of FORWARD again', params: { chain: 'FORWARD', state: 'absent' } },
  ],
  requires: 'iptables',
  probes: (p) => ({
    ipv4: familyProbe(p, 4),
    ipv6: familyProbe(p, 6),
    around: probeScript(surroundings, [], ({ stdout }) => new Set(stdout.split('\n').filter(Boolean))),
  }),
  state: (seen, p): State | null => {
    const state: State = {};
    const ipv4 = seen.ipv4 === undefined ? null : readState(p, seen.ipv4);
    const ipv6 = seen.ipv6 === undefined ? null : readState(p, seen.ipv6);
    if (ipv4 !== null) state.ipv4 = ipv4;
    if (ipv6 !== null) state.ipv6 = ipv6;
    return ipv4 === null && ipv6 === null ? null : state;
  },
  want: (p, _now, seen) => {
    if (p.state === 'absent') return null;
    for (const manager of ['firewalld', 'ufw']) {
      if (!seen.around.has(manager)) continue;
      throw refuse(
        `${manager} keeps the firewall of this host and would undo our rules`,
        `give the rules to ${manager}, or stop it: service: { name: ${manager}, state: stopped, enabled: no }`,
      );
    }
    return {
      ...(seen.ipv4 === undefined ? {} : { ipv4: wantFamily(p, seen.ipv4, 'iptables') }),
      ...(seen.ipv6 === undefined ? {} : { ipv6: wantFamily(p, seen.ipv6, 'ip6tables') }),
    };
  },
  steps: (from, to, p) =>
    familiesOf(p).flatMap((family) => {
      const [before, after] = [from?.[`ipv${family}`] ?? null, to?.[`ipv${family}`] ?? null];
      return before === null && after === null ? [] : familySteps(p, family, before, after);
    }),
  touches: (_from, _to, p) => ({
    chains: [p.chain, ...Object.keys(p.chains_owned)].map((chain) => `${p.table}/${chain}`),
    families: familiesOf(p),
  }),
  boot: (p) => ({
    id: [p.table, p.family, p.chain, ...(p.name === undefined ? [] : [p.name])].join('-'),
    state: null,
    // Which rules of others are there by then is not known: before all of them, or behind.
    keeps: (goal) => ({
      ...(goal.ipv4 === undefined ? {} : { ipv4: bootFamily(goal.ipv4, p) }),
      ...(goal.ipv6 === undefined ? {} : { ipv6: bootFamily(goal.ipv6, p) }),
    }),
    anchor: { unit: 'multi-user.target' },
    // A whole table that others restore would wipe ours out: so behind them.
    after: [
      'netfilter-persistent.service',
      'iptables.service',
      'ip6tables.service',
      ...(isBuiltIn(p.table, p.chain) ? [] : ['docker.service', 'libvirtd.service']),
    ],
    before: isBuiltIn(p.table, p.chain) ? ['network-pre.target'] : [],
  }),
  warnings: (p, _now, seen) => {
    if (p.state === 'absent') return [];
    const warnings: string[] = [];
    if (seen.ipv4?.otherBackend === true || seen.ipv6?.otherBackend === true) {
      warnings.push('this host has rules of iptables-legacy and of iptables-nft: a packet passes through both');
    }
    for (const family of familiesOf(p)) {
      const needed = p.table === 'nat' && p.chain === 'POSTROUTING';
      if (needed && seen.around.has(`forward${family}=0`)) {
        const key = family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
        warnings.push(`${key} is 0: nothing is forwarded that could be translated; set it with sysctl`);
      }
    }
    return warnings;
  },
});

const bootFamily = (family: FamilyState, p: Iptables): FamilyState =>
  rulesOf(p) === undefined ? family : { ...family, jump: [p.position === 'first' ? jumpAt(p, 1) : jumpBehindAll(p)] };

function wantFamily(p: Iptables, seen: FamilySeen, tool: string): Partial<FamilyState> {
  if (seen.error !== undefined) {
    throw refuse(`${tool} does not take the rules: ${seen.error}`, 'try the rule on the host in a chain of its own');
  }
  const wanted = (chain: string): string[] => [...(seen.wanted.get(chain) ?? [])];
  const chains = Object.fromEntries(
    Object.keys(p.chains_owned)
      .toSorted()
      .map((name) => [name, wanted(name)]),
  );
  const rest = { chains, ...(p.policy === undefined ? {} : { policy: p.policy }) };
  if (rulesOf(p) === undefined) return rest;
  if (!isBuiltIn(p.table, p.chain) && !seen.chains.has(p.chain)) {
    throw missing(`the chain ${p.chain} of the table ${p.table} does not exist`, 'what makes it has to run first');
  }
  return { ...rest, rules: wanted(ownChain(p.chain, p.name)), jump: [jumpAt(p, wantedPosition(p, seen))] };
}

// Several sets of ours may stand side by side at that end.
function wantedPosition(p: Iptables, seen: FamilySeen): number {
  const own = `-j ${ownChain(p.chain, p.name)}`;
  const others = (seen.chains.get(p.chain)?.rules ?? []).filter((rule) => rule !== own);
  const now = (seen.chains.get(p.chain)?.rules ?? []).indexOf(own) + 1;
  const ours = (rule: string): boolean => rule.startsWith(`-j ${prefix}`);
  if (p.position === 'first') {
    const strangers = others.slice(0, Math.max(0, now - 1)).some((rule) => !ours(rule));
    return now > 0 && !strangers ? now : 1;
  }
  const strangers = others.slice(Math.max(0, now - 1)).some((rule) => !ours(rule));
  return now > 0 && !strangers ? now : others.length + 1;
}
