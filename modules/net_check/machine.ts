import { sh, type CommandResult } from '../../src/sdk/index.ts';
import { bounded, check, contains, failure, unseen, type Check, type Finding } from './check.ts';
import type { NetCheck } from './params.ts';

type Of<K extends keyof NetCheck> = NonNullable<NetCheck[K]>;
type Judge = (text: string) => readonly Finding[];

const cat = (path: string): { readonly argv: readonly string[] } => ({ argv: ['cat', path] });

/** Judges what a file of the kernel says; one that cannot be read is a finding. */
const reading =
  (name: string, what: string, limit: Finding['limit'], judge: Judge) =>
  (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'cat', 'coreutils');
    return failed === undefined ? judge(answer.stdout) : [unseen(name, what, limit, failed)];
  };

export function cpuFlagsCheck(wanted: Of<'cpu_flags'>): Check {
  const judge: Judge = (text) => {
    // x86 and RISC-V call them flags, ARM features; all processors are taken to be alike.
    const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? []);
    const there = wanted.filter((item) => item.split('|').some((flag) => flags.has(flag)));
    return [contains('cpu_flags', 'the CPU', there, wanted)];
  };
  return check('cpu_flags', [cat('/proc/cpuinfo')], reading('cpu_flags', 'the CPU', wanted, judge));
}

const readLoad = sh`cat /proc/loadavg && grep -c '^cpu[0-9]' /proc/stat`;

export function loadCheck(p: Of<'load'>): Check {
  const what = `load of ${p.minutes} min${p.per_cpu ? ' for each CPU' : ''}`;
  const judge: Judge = (text) => {
    const [averages = '', cpus = '1'] = text.split('\n');
    const load = Number(averages.split(' ')[[1, 5, 15].indexOf(p.minutes)]);
    return [bounded('load', what, p.per_cpu ? load / Number(cpus) : load, { max: p.max })];
  };
  return check('load', [{ script: readLoad, args: [] }], reading('load', what, p.max, judge));
}

export function memoryCheck(p: Of<'memory'>): Check {
  const what = 'available memory';
  const judge: Judge = (text) => {
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
    const mib = kib === undefined ? null : Math.floor(Number(kib) / 1024);
    return [bounded('memory', what, mib, { min: p.min_free_mb }, ' MiB')];
  };
  return check('memory', [cat('/proc/meminfo')], reading('memory', what, p.min_free_mb, judge));
}

export function hugepagesCheck(p: Of<'hugepages'>): Check {
  const folder = `hugepages-${p.size === '1G' ? 1_048_576 : 2048}kB`;
  const node = p.node === undefined ? '' : ` on node ${p.node}`;
  const what = `free huge pages of ${p.size}${node}`;
  const path =
    p.node === undefined
      ? `/sys/kernel/mm/hugepages/${folder}/free_hugepages`
      : `/sys/devices/system/node/node${p.node}/hugepages/${folder}/free_hugepages`;
  const judge: Judge = (text) => [bounded('hugepages', what, Number(text.trim()), { min: p.min_free })];
  return check('hugepages', [cat(path)], reading('hugepages', what, p.min_free, judge));
}

// No table: connections are not tracked, so none can be refused.
const readConntrack = sh`cd /proc/sys/net/netfilter 2>/dev/null && cat nf_conntrack_count nf_conntrack_max 2>/dev/null || echo '0
1'`;

export function conntrackCheck(p: Of<'conntrack'>): Check {
  const what = 'used share of the connection tracking table';
  const judge: Judge = (text) => {
    const [count = 0, max = 1] = text.trim().split('\n').map(Number);
    return [bounded('conntrack', what, count / max, { max: p.max_share })];
  };
  return check('conntrack', [{ script: readConntrack, args: [] }], reading('conntrack', what, p.max_share, judge));
}
