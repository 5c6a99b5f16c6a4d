/** An interrupt line as /proc/interrupts tells it. */
export interface InterruptLine {
  readonly irq: number;
  /** Interrupts taken, by CPU in the order of the heading. */
  readonly counts: readonly number[];
  /** `eth0-TxRx-0`, `mlx5_comp0@pci:0000:05:00.0`, `virtio0-input.0`; several handlers of a shared line have commas. */
  readonly name: string;
}

/** Reads /proc/interrupts; lines that are no device interrupts (NMI, LOC, …) are left out. */
export function parseInterrupts(text: string): readonly InterruptLine[] {
  const [heading = '', ...lines] = text.split('\n');
  const cpus = heading.trim().split(/\s+/).filter(Boolean).length;
  return lines.flatMap((line) => {
    const [, irq, rest = ''] = /^\s*(\d+):\s+(.*)$/.exec(line) ?? [];
    if (irq === undefined) return [];
    const words = rest.split(/\s+/);
    // After the counts: chip, hardware line (`5-edge`, or `1  edge` on some chips), then the handlers' names.
    const tail = rest.replace(/^(\d+\s+)+/, '');
    const name =
      /(?:-edge|-level|-fasteoi|\bEdge|\bLevel|\bedge|\blevel)\s+(.*)$/.exec(tail)?.[1] ??
      tail.split(/\s+/).slice(2).join(' ');
    return [{ irq: Number(irq), counts: words.slice(0, cpus).map(Number), name: name.trim() }];
  });
}
