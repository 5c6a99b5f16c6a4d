import { defineModule, formatCpuList, missing, sh, snippet, exec, type Step } from '../../src/sdk/index.ts';
import { argumentsOf, argumentSteps, banSteps, isMarked, unbanSteps, withPolicy } from './irqbalance.ts';
import { IrqAffinity } from './params.ts';
import { planQueues, usableCpus, type QueueCpus } from './plan.ts';
import { balanceFiles, irqbalanceProbe, irqProbe, type BalanceFiles } from './read.ts';

type State = {
  queues: QueueCpus[];
  /** Null: irqbalance is not installed. */
  irqbalance: { running: boolean; enabled: boolean; banned: boolean; arguments: string | null } | null;
};

const waitForInterrupts = sh`d=/sys/class/net/$1/device try=0
[ -d "$d/msi_irqs" ] || d=$d/..
[ -d "$d/msi_irqs" ] || exit 1
while :; do
  for i in "$d/msi_irqs"/*; do
    if grep -q "^ *\${i##*/}:" /proc/interrupts; then exit 1; fi
  done
  try=$((try+1))
  [ "$try" -le 150 ] || exit 1
  sleep 0.2 2>/dev/null || sleep 1
done`;

// stdin: lines "queue cpus". Interrupts are found by name, as their numbers change with drivers and boots. tee says why a
// write failed, which the shell's own printf does not.
const setAffinity = sh`d=/sys/class/net/$1/device
[ -d "$d/msi_irqs" ] || d=$d/..
names="
$(sed -n 's/^ *\([0-9][0-9]*\):.* \([^ ]*\)$/\1 \2/p' /proc/interrupts)
"
irqs=
if [ -d "$d/msi_irqs" ]; then
  for i in "$d/msi_irqs"/*; do irqs="$irqs \${i##*/}"; done
else read -r irqs <"$d/irq"
fi
bad=0
while read -r queue cpus; do
  hit=
  for i in $irqs; do
    name=\${names#*"
$i "}
    [ "$name" != "$names" ] || continue
    name=\${name%%"
"*}
    name=\${name%%@*}
    case $name in "$queue"|*[-_]"$queue") ;; *) continue;; esac
    hit=1
    err=$(printf '%s\n' "$cpus" | tee "/proc/irq/$i/smp_affinity_list" 2>&1 >/dev/null) && continue
    bad=1
    case $err in
      *"Input/output error"*|*"not permitted"*) err="the kernel manages this interrupt itself (the driver asked for it): leave it, or change the number of queues";;
      *"No space left"*) err="no interrupt vector is free on the CPUs $cpus: use more CPUs or fewer queues";;
      *"Value too large"*) err="a CPU of $cpus does not exist";;
      *"Invalid argument"*) err="no CPU of $cpus is online";;
    esac
    echo "interrupt $i ($name): $err" >&2
  done
  [ -n "$hit" ] || { bad=1; echo "$1 has no interrupt for the queue $queue any more" >&2; }
done
exit $bad`;

export const irqAffinity = defineModule({
  name: 'irq_affinity',
  summary: 'Which CPUs the interrupts of a network device go to',
  unproved: '/etc/sysconfig/irqbalance (RHEL family); interrupts of cards other than virtio and igb',
  params: IrqAffinity,
  examples: [
    { title: 'Each queue of eth0 on a CPU of its own, CPU 0 left free', params: { dev: 'eth0', cpus: '1-3' } },
    { title: 'On the CPUs next to the device', params: { dev: 'enp5s0f0', policy: 'numa' }, needs: 'hardware' },
    { title: 'All queues on CPU 1 and 2', params: { dev: 'eth0', policy: 'mask', cpus: '0x6', irqbalance: 'stop' } },
  ],
  probes: (p) => ({ irqs: irqProbe(p.dev), balance: irqbalanceProbe(), files: balanceFiles(p.dev) }),
  state: (seen): State => ({
    queues: seen.irqs.irqs.map(({ queue, cpus }) => ({ queue, cpus: formatCpuList(cpus) })),
    irqbalance:
      seen.balance === null
        ? null
        : { ...seen.balance, banned: isMarked(seen.files), arguments: argumentsOf(seen.files) },
  }),
  want: (p, now, seen) => {
    const { irqs } = seen.irqs;
    if (irqs.length === 0) {
      throw missing(
        `${p.dev} has no interrupts of its own`,
        'only physical, virtio and virtual-function devices have some',
      );
    }
    return {
      queues: planQueues(p, irqs, usableCpus(p, seen.irqs).cpus),
      irqbalance: (now?.irqbalance ?? null) === null ? undefined : wantBalance(p, seen.files),
    };
  },
  steps: (from, to, p, seen) => {
    if (to === null) return [];
    const before = new Map((from?.queues ?? []).map(({ queue, cpus }) => [queue, cpus]));
    const lines = to.queues.flatMap(({ queue, cpus }) => (before.get(queue) === cpus ? [] : [`${queue} ${cpus}\n`]));
    const set = lines.length === 0 ? [] : [snippet(setAffinity, [p.dev], { stdin: lines.join('') })];
    return [...balanceSteps(p, from?.irqbalance ?? null, to.irqbalance ?? null, seen?.files), ...set];
  },
  compare: { queues: { keyed: 'queue' } },
  touches: () => 'none',
  boot: (p) => ({
    id: p.dev,
    state: null,
    anchor: { device: p.dev },
    // Channels first: their number decides about the interrupts. Of some cards (igb) there are none until the link is up.
    after: ['ethtool', 'sriov', 'link'].map((module) => `kvmnet-${module}-${p.dev}.service`),
    guard: { script: waitForInterrupts, args: [p.dev] },
    resettable: true,
  }),
  warnings: (p, now, seen) => {
    const { isolated } = usableCpus(p, seen.irqs);
    const warnings: string[] = [];
    if (isolated.length > 0) {
      warnings.push(
        `CPU ${formatCpuList(isolated)} is isolated and left out; exclude_isolated: no uses it all the same`,
      );
    }
    if (p.irqbalance === 'leave' && now?.irqbalance?.running === true && !now.irqbalance.banned) {
      warnings.push('irqbalance is running and will move the interrupts within seconds; set irqbalance: ban or stop');
    }
    for (const { irq, queue, cpus, effective } of seen.irqs.irqs) {
      const elsewhere = (effective ?? []).filter((cpu) => !cpus.includes(cpu));
      if (elsewhere.length > 0) {
        warnings.push(
          `interrupt ${irq} (${queue}) is set to CPU ${formatCpuList(cpus)} but still goes to ${formatCpuList(elsewhere)}`,
        );
      }
    }
    return warnings;
  },
});

type Balance = Partial<NonNullable<State['irqbalance']>>;

function wantBalance(p: IrqAffinity, files: BalanceFiles): Balance | undefined {
  if (p.irqbalance === 'leave') return undefined;
  return p.irqbalance === 'stop' ? { running: false, enabled: false } : { banned: true, arguments: withPolicy(files) };
}

// The new arguments first, then its restart, then the affinities: irqbalance sorts everything anew when it starts.
function balanceSteps(
  p: IrqAffinity,
  from: Balance | null,
  to: Balance | null,
  files: BalanceFiles | undefined,
): readonly Step[] {
  if (to === null || from === null) return [];
  const differs = (key: keyof Balance): boolean => to[key] !== undefined && to[key] !== from[key];
  const unit = 'irqbalance.service';
  const steps: Step[] = [];
  if (differs('banned')) steps.push(...(to.banned === true ? banSteps(p.dev) : unbanSteps(p.dev)));
  if (differs('arguments') && files !== undefined) steps.push(...argumentSteps(files, to.arguments ?? null));
  if (differs('enabled')) steps.push(exec(['systemctl', to.enabled === true ? 'enable' : 'disable', unit]));
  const runs = to.running ?? from.running;
  if (differs('running')) steps.push(exec(['systemctl', to.running === true ? 'start' : 'stop', unit]));
  else if (runs === true && (differs('banned') || differs('arguments')))
    steps.push(exec(['systemctl', 'restart', unit]));
  return steps;
}
