import { defineModule, missing, refuse } from '../../src/sdk/index.ts';
import { TcHtb, type ClassParams } from './params.ts';
import {
  bytesPerSecond,
  htbProbe,
  isDefault,
  isUnqueued,
  readState,
  rootOf,
  type ClassState,
  type Seen,
  type State,
} from './read.ts';
import { htbSteps, type Leaf } from './steps.ts';
import { treeProblems } from './tree.ts';
import { wantedFilter, type FilterState } from './u32.ts';

type WantedClass = Partial<Omit<ClassState, 'leaf'>> & Pick<ClassState, 'classid'> & { readonly leaf?: Leaf | null };

export const tcHtb = defineModule({
  name: 'tc_htb',
  summary: 'Shaping of what leaves a device, with hierarchical token buckets',
  params: TcHtb,
  examples: [
    {
      title: 'Three classes that share 10 Mbit/s',
      params: {
        dev: 'vnet0',
        default: 30,
        classes: [
          { classid: '1:1', rate: '10mbit' },
          { classid: '1:10', parent: '1:1', rate: '6mbit', ceil: '10mbit' },
          { classid: '1:20', parent: '1:1', rate: '3mbit', ceil: '8mbit' },
          { classid: '1:30', parent: '1:1', rate: '1mbit', ceil: '5mbit' },
        ],
      },
    },
    {
      title: 'Storage traffic first',
      params: {
        dev: 'eth1',
        default: 20,
        classes: [
          { classid: '1:1', rate: '10gbit' },
          {
            classid: '1:10',
            parent: '1:1',
            rate: '6gbit',
            ceil: '10gbit',
            prio: 0,
            leaf: { kind: 'pfifo', limit: 1000 },
          },
          { classid: '1:20', parent: '1:1', rate: '4gbit', ceil: '10gbit', prio: 1 },
        ],
        filters: [{ ip_proto: 'tcp', dport: 3260, flowid: '1:10' }],
      },
    },
    { title: 'No shaping any more', params: { dev: 'vnet0', state: 'absent' } },
  ],
  requires: 'iproute2 with tc',
  probes: (p) => ({ seen: htbProbe(p) }),
  state: ({ seen }, p): State | null => readState(p, seen),
  want: (p, now, { seen }) => {
    if (p.state === 'absent') return null;
    if (!seen.exists) throw missing(`the device ${p.dev} does not exist`, 'check its name with ip link');
    checkOwner(p, now, seen);
    const classes = p.classes.map((item) => wantedClass(p, item, now, seen));
    const ids = new Set(classes.map(({ classid }) => classid));
    const kept: readonly WantedClass[] = p.replace
      ? []
      : (now?.classes ?? []).filter(({ classid }) => !ids.has(classid));
    const all = [...kept, ...classes].toSorted((a, b) => (a.classid < b.classid ? -1 : 1));
    if (!p.replace) checkWhole(p, all);
    return {
      handle: p.root_handle,
      default: p.default,
      r2q: p.r2q,
      direct_qlen: p.direct_qlen,
      classes: all as ClassState[],
      filters: wantedFilters(p, now?.filters ?? []),
    };
  },
  steps: (from, to, p, seen) => htbSteps(p.dev, from, to, seen !== undefined && isUnqueued(rootOf(seen.seen))),
  compare: { classes: { keyed: 'classid' }, filters: 'ordered' },
  touches: (_from, _to, p) => ({ links: [p.dev], effect: 'flap' }),
  boot: (p) => ({ id: p.dev, state: null, anchor: { device: p.dev }, resettable: true }),
  warnings: (p, _now, { seen }) => {
    if (p.state === 'absent') return [];
    const warnings: string[] = [];
    if (seen.ovs) {
      warnings.push(
        `${p.dev} is a port of Open vSwitch, which takes foreign qdiscs away: give its port QoS of type linux-noop`,
      );
    }
    if (p.default === undefined && p.classes.length > 0) {
      warnings.push('without default, packets that no filter takes pass unshaped');
    }
    return warnings;
  },
});

function wantedClass(p: TcHtb, item: ClassParams, now: State | null, seen: Seen): WantedClass {
  const rate = bytesPerSecond(item.rate);
  const inner = p.classes.some(({ parent }) => parent === item.classid);
  const r2q = p.r2q ?? now?.r2q ?? 10;
  // The kernel warns of a quantum outside of these bounds and takes the bound.
  const odd = rate / r2q < 1000 || rate / r2q > 200_000;
  const quantum =
    item.quantum ?? (odd && !inner ? Math.min(60_000, Math.max(seen.mtu, Math.trunc(rate / r2q))) : undefined);
  return {
    classid: item.classid,
    parent: item.parent ?? p.root_handle,
    rate: rate * 8,
    ceil: bytesPerSecond(item.ceil ?? item.rate) * 8,
    prio: item.prio,
    ...(item.burst === undefined ? {} : { burst: item.burst }),
    ...(item.cburst === undefined ? {} : { cburst: item.cburst }),
    ...(quantum === undefined ? {} : { quantum }),
    ...(item.leaf === undefined
      ? {}
      : { leaf: { kind: item.leaf.kind, limit: item.leaf.limit ?? null, perturb: item.leaf.perturb ?? null } }),
  };
}

function wantedFilters(p: TcHtb, now: readonly FilterState[]): FilterState[] | undefined {
  if (p.filters === undefined) return undefined;
  const own = p.filters.map((filter) => wantedFilter(filter, p.root_handle));
  const texts = new Set(own.map((filter) => JSON.stringify(filter)));
  const kept = p.replace ? [] : now.filter((filter) => !texts.has(JSON.stringify(filter)));
  return [...kept, ...own].toSorted((a, b) => a.prio - b.prio);
}

function checkOwner(p: TcHtb, now: State | null, seen: Seen): void {
  const root = rootOf(seen);
  if (root !== undefined && root.kind !== 'htb' && !isDefault(root) && !isUnqueued(root)) {
    throw refuse(
      `${p.dev} has a queueing discipline of another kind (${root.kind} ${root.handle})`,
      `whoever set it has to take it away: tc qdisc del dev ${p.dev} root`,
    );
  }
  const [only] = now?.classes ?? [];
  const libvirt =
    /^(vnet|macvtap)\d+$/.test(p.dev) && now?.default === '1' && now.classes.length === 1 && only?.leaf?.kind === 'sfq';
  if (libvirt && p.default !== '1') {
    throw refuse(
      `${p.dev} is shaped by libvirt (bandwidth of its interface)`,
      'change bandwidth with libvirt_interface, or take it out there first',
    );
  }
}

// With classes of others in it, the tree can be judged only now.
function checkWhole(p: TcHtb, classes: readonly WantedClass[]): void {
  const nodes = classes.map(({ rate = 0, ...item }) => ({ ...item, rate }));
  const [problem] = treeProblems({
    root_handle: p.root_handle,
    default: p.default,
    classes: nodes,
    filters: p.filters,
    replace: true,
  });
  if (problem !== undefined) throw refuse(problem.message, 'name the class, or set replace: yes');
}
