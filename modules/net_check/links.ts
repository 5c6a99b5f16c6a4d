import { z } from 'zod';
import {
  formatCpuList,
  ipLinks,
  noSuchDevice,
  parseCpus,
  parseFdb,
  sh,
  toolJson,
  type CommandResult,
} from '../../src/sdk/index.ts';
import { bounded, check, contains, exact, failure, unseen, type Check, type Finding } from './check.ts';
import type { NetCheck } from './params.ts';

type Of<K extends keyof NetCheck> = NonNullable<NetCheck[K]>;

const iproute = 'iproute2 (iproute on RHEL)';

export function linksCheck(wanted: Of<'links'>): Check {
  const links = ipLinks(wanted.map(({ name }) => name));
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'ip', iproute);
    if (failed !== undefined) return wanted.map(({ name }) => unseen('links', name, true, failed));
    const there = links.parse(answer);
    return wanted.flatMap((want): readonly Finding[] => {
      const link = there.find(({ name, altnames }) => name === want.name || altnames.includes(want.name));
      if (link === undefined || !want.present) {
        const exists = link !== undefined;
        const says = exists ? `${want.name} exists` : `${want.name} does not exist`;
        return [
          { check: 'links', what: want.name, value: exists, limit: want.present, ok: exists === want.present, says },
        ];
      }
      const carrier = link.flags.includes('LOWER_UP') && !link.flags.includes('NO-CARRIER');
      const seen = { up: link.up, carrier, mtu: link.mtu, master: link.master ?? null, mac: link.mac ?? null };
      const asked = (['up', 'carrier', 'mtu', 'master', 'mac'] as const).filter((key) => want[key] !== undefined);
      if (asked.length === 0) return [exact('links', want.name, true, true)];
      return asked.map((key) => exact('links', `${key} of ${want.name}`, seen[key], want[key] ?? null));
    });
  };
  return check('links', [links.run], judge);
}

export function fdbCheck(p: Of<'fdb'>): Check {
  const key = (item: { readonly mac: string; readonly dst?: string | undefined }): string =>
    item.dst === undefined ? item.mac : `${item.mac} at ${item.dst}`;
  const judge = (answer: CommandResult): readonly Finding[] => {
    const limit = p.has.map(key);
    if (noSuchDevice(answer)) {
      return [unseen('fdb', `addresses behind ${p.dev}`, limit, `${p.dev} does not exist`)];
    }
    const failed = failure(answer, 'bridge', iproute);
    if (failed !== undefined) return [unseen('fdb', `addresses behind ${p.dev}`, limit, failed)];
    const known = parseFdb(answer).flatMap(({ mac, dst }) => (dst === undefined ? [mac] : [mac, key({ mac, dst })]));
    return [contains('fdb', `addresses behind ${p.dev}`, [...new Set(known)], limit)];
  };
  return check('fdb', [{ argv: ['bridge', '-j', 'fdb', 'show', 'dev', p.dev] }], judge);
}

const Counters = z.object({ dropped: z.number().default(0), errors: z.number().default(0) });
const Statistics = z.array(
  z.object({ ifname: z.string().optional(), stats64: z.object({ rx: Counters, tx: Counters }).optional() }),
);

export function dropsCheck(p: Of<'drops'>): Check {
  const ask = { argv: ['ip', '-s', '-j', 'link', 'show'] };
  const pause = { argv: ['sleep', String(p.within)] };
  const count = (answer: CommandResult, dev: string): number | null => {
    const stats = toolJson(answer, 'ip -s -j link show', Statistics).find(({ ifname }) => ifname === dev)?.stats64;
    return stats === undefined ? null : stats.rx.dropped + stats.rx.errors + stats.tx.dropped + stats.tx.errors;
  };
  const judge = (first: CommandResult, last: CommandResult): readonly Finding[] => {
    const failed = failure(first, 'ip', iproute) ?? failure(last, 'ip', iproute);
    return p.dev.map((dev) => {
      const what = `packets dropped or damaged at ${dev}${p.within > 0 ? ` within ${p.within} s` : ''}`;
      if (failed !== undefined) return unseen('drops', what, p.max, failed);
      const [before, now] = [count(first, dev), count(last, dev)];
      if (before === null || now === null) return unseen('drops', what, p.max, `${dev} does not exist`);
      return bounded('drops', what, p.within > 0 ? now - before : now, { max: p.max });
    });
  };
  return check('drops', p.within > 0 ? [ask, pause, ask] : [ask], judge, p.within);
}

const countVfs = sh`d=/sys/class/net/$1
[ -e "$d" ] || { echo "$1 does not exist" >&2; exit 1; }
[ -e "$d/device/sriov_numvfs" ] || { echo "$1 has no SR-IOV" >&2; exit 1; }
cat "$d/device/sriov_numvfs"
n=0; for f in "$d"/device/virtfn*; do [ -e "$f" ] && n=$((n+1)); done
echo "$n"`;

export function vfsCheck(p: Of<'vfs'>): Check {
  const what = `virtual functions of ${p.pf}`;
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'sh', 'a shell');
    if (failed !== undefined) return [unseen('vfs', what, p.count, failed)];
    const [asked = 0, there = 0] = answer.stdout.trim().split('\n').map(Number);
    const usable = exact('vfs', `${what} that are there`, there, p.count);
    return asked === there ? [exact('vfs', what, asked, p.count)] : [exact('vfs', what, asked, p.count), usable];
  };
  return check('vfs', [{ script: countVfs, args: [p.pf] }], judge);
}

const readIrqs = sh`d=/sys/class/net/$1/device
[ -e "/sys/class/net/$1" ] || { echo "$1 does not exist" >&2; exit 1; }
[ -d "$d/msi_irqs" ] || d=$d/..
[ -d "$d/msi_irqs" ] || { echo "$1 has no interrupts of its own" >&2; exit 1; }
for i in "$d/msi_irqs"/*; do
  i=\${i##*/}; f=/proc/irq/$i
  [ -e "$f/smp_affinity_list" ] || continue
  a=$(cat "$f/smp_affinity_list")
  e=$(cat "$f/effective_affinity_list" 2>/dev/null)
  echo "$i \${e:-$a} $a"
done`;

export function irqsCheck(p: Of<'irqs'>): Check {
  const what = `CPUs of the interrupts of ${p.dev}`;
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'sh', 'a shell');
    if (failed !== undefined) return [unseen('irqs', what, p.cpus, failed)];
    const rows = answer.stdout.split('\n').flatMap((line) => {
      const [irq, list, sent] = line.split(' ');
      return irq === undefined || list === undefined
        ? []
        : [{ irq, cpus: parseCpus(list), sent: parseCpus(sent ?? list) }];
    });
    if (rows.length === 0) return [unseen('irqs', what, p.cpus, `${p.dev} has no interrupts in use`)];
    const allowed = new Set(parseCpus(p.cpus));
    const within = (cpus: readonly number[]): boolean => cpus.every((cpu) => allowed.has(cpu));
    // The kernel moves one that was sent elsewhere when it comes next: until then it counts as being there.
    const stray = rows.filter(({ cpus, sent }) => !within(cpus) && !within(sent));
    const value = formatCpuList(rows.flatMap(({ cpus }) => cpus));
    const where = stray.map(({ irq, cpus }) => `interrupt ${irq} on ${formatCpuList(cpus)}`).join(', ');
    return [
      {
        check: 'irqs',
        what,
        value,
        limit: p.cpus,
        ok: stray.length === 0,
        says: `${what}: ${where}, wanted ${p.cpus}`,
      },
    ];
  };
  return check('irqs', [{ script: readIrqs, args: [p.dev] }], judge);
}
