import { formatCpuList, refuse } from '../../src/sdk/index.ts';
import { cpusOf, type IrqAffinity } from './params.ts';
import type { Irq, Seen } from './read.ts';

/** The CPUs of a queue, as the kernel lists them. */
export type QueueCpus = { queue: string; cpus: string };

/** CPUs that may be used, and those that were asked for but left out because they are isolated. */
export function usableCpus(
  p: IrqAffinity,
  seen: Seen,
): { readonly cpus: readonly number[]; readonly isolated: readonly number[] } {
  const asked = cpusOf(p);
  const absent = (asked ?? []).filter((cpu) => !seen.online.includes(cpu));
  if (absent.length > 0) {
    throw refuse(
      `CPU ${formatCpuList(absent)} is not there or offline`,
      `choose among the CPUs that are online: ${formatCpuList(seen.online)}`,
    );
  }
  const near = p.policy === 'numa' ? seen.near : undefined;
  const candidates = asked ?? seen.online;
  const local = candidates.filter((cpu) => near === undefined || near.includes(cpu));
  if (near !== undefined && local.length === 0) {
    throw refuse(
      `none of the CPUs ${formatCpuList(candidates)} is next to ${p.dev}`,
      `choose among ${formatCpuList(near)}, or set policy: spread`,
    );
  }
  const isolated = p.exclude_isolated ? local.filter((cpu) => seen.isolated.includes(cpu)) : [];
  const cpus = local.filter((cpu) => !isolated.includes(cpu));
  if (cpus.length === 0) {
    throw refuse(
      `all CPUs that are left (${formatCpuList(isolated)}) are isolated`,
      'name others, or set exclude_isolated: no',
    );
  }
  return { cpus, isolated };
}

/** Which CPUs each queue gets. Receiving and sending side of one queue share a CPU. */
export function planQueues(p: IrqAffinity, irqs: readonly Irq[], cpus: readonly number[]): QueueCpus[] {
  if (p.policy === 'list' || p.policy === 'mask') {
    return irqs.map(({ queue }) => ({ queue, cpus: formatCpuList(cpus) }));
  }
  const numbers = [...new Set(irqs.map(numberOf))].toSorted((a, b) => a - b);
  return irqs.map((irq) => {
    const cpu = cpus[numbers.indexOf(numberOf(irq)) % cpus.length];
    return { queue: irq.queue, cpus: String(cpu) };
  });
}

const numberOf = ({ queue, irq }: Irq): number => Number(/(\d+)$/.exec(queue)?.[1] ?? irq);
