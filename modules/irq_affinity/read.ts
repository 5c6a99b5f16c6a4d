import {
  missing,
  parseCpus,
  parseInterrupts,
  parseKeyValue,
  probe,
  probeScript,
  refuse,
  sh,
  type Probe,
} from '../../src/sdk/index.ts';

/** An interrupt of the device. */
export interface Irq {
  readonly irq: number;
  /** Its name without what changes from boot to boot: `TxRx-0`, `input.0`, `comp0`. */
  readonly queue: string;
  readonly cpus: readonly number[];
  /** Where it really goes; undefined where the kernel does not say. */
  readonly effective: readonly number[] | undefined;
}

export interface Seen {
  /** Interrupts of the queues; of all where the names tell no queues. */
  readonly irqs: readonly Irq[];
  readonly online: readonly number[];
  readonly isolated: readonly number[];
  /** CPUs of the node that the device is on; undefined where the machine has none. */
  readonly near: readonly number[] | undefined;
}

// virtio: the device is a child of the PCI device that has the interrupts.
const look = sh`[ -e "/sys/class/net/$1" ] || { echo nodev; exit 0; }
d=/sys/class/net/$1/device
[ -d "$d/msi_irqs" ] || d=$d/..
irqs=
if [ -d "$d/msi_irqs" ]; then
  for i in "$d/msi_irqs"/*; do if [ -e "$i" ]; then irqs="$irqs \${i##*/}"; fi; done
elif [ -r "$d/irq" ]; then read -r i <"$d/irq" && [ "$i" -gt 0 ] && irqs=$i
fi
for what in online isolated; do
  if read -r v <"/sys/devices/system/cpu/$what"; then echo "$what $v"; fi
done
if read -r n <"$d/numa_node" && read -r v <"/sys/devices/system/node/node$n/cpulist"; then echo "near $v"; fi 2>/dev/null
for i in $irqs; do
  if read -r a <"/proc/irq/$i/smp_affinity_list"; then
    e=
    read -r e <"/proc/irq/$i/effective_affinity_list" || :
    echo "irq $i $a $e"
  fi
done 2>/dev/null
echo interrupts
sed 's/^ *\([0-9][0-9]*\):[ 0-9]* \([^0-9 ]\)/\1: \2/' /proc/interrupts`;

export const irqProbe = (dev: string): Probe<Seen> =>
  probeScript(look, [dev], ({ stdout, code, stderr }) => {
    if (stdout.startsWith('nodev')) throw missing(`the device ${dev} does not exist`, 'check its name with ip link');
    const [head = '', interrupts = ''] = stdout.split(/^interrupts$/m);
    if (code !== 0) throw refuse(`the interrupts of ${dev} cannot be read: ${stderr.trim()}`);
    const names = new Map(parseInterrupts(interrupts.trimStart()).map((line) => [line.irq, line.name]));
    const lines = head.split('\n').map((line) => line.split(' '));
    const set = (what: string): readonly number[] | undefined => {
      const text = lines.find(([word]) => word === what)?.[1];
      return text === undefined ? undefined : parseCpus(text);
    };
    const irqs = lines.flatMap(([word, number, cpus = '', effective = '']): Irq[] => {
      const name = names.get(Number(number));
      if (word !== 'irq' || name === undefined || name === '') return [];
      const where = effective === '' ? undefined : parseCpus(effective);
      return [{ irq: Number(number), queue: queueOf(name), cpus: parseCpus(cpus), effective: where }];
    });
    return { irqs: queues(irqs), online: set('online') ?? [], isolated: set('isolated') ?? [], near: set('near') };
  });

/** `eth0-TxRx-0`, `virtio2-input.0`, `mlx5_comp0@pci:0000:05:00.0`: what follows the device's or driver's name. */
function queueOf(name: string): string {
  const bare = name.replace(/@.*$/, '');
  return /^[^-_]+[-_](.+)$/.exec(bare)?.[1] ?? bare;
}

// Links, management, configuration: rare interrupts that need no CPU of their own.
const notQueue = /config|async|misc|mgmt|ctrl|cmd|event|fault|pages|admin|mbx|other|aeq|fw/i;

function queues(irqs: readonly Irq[]): readonly Irq[] {
  const found = irqs.filter(({ queue }) => !notQueue.test(queue) && /\d$|^(rx|tx|input|output)$/i.test(queue));
  const chosen = found.length > 0 ? found : irqs;
  return chosen.toSorted((a, b) => a.irq - b.irq);
}

/** How irqbalance stands; null where it is not installed. */
export interface Irqbalance {
  readonly running: boolean;
  readonly enabled: boolean;
}

/** Where Debian and RHEL keep the arguments of irqbalance. */
export const configPaths = ['/etc/default/irqbalance', '/etc/sysconfig/irqbalance'] as const;
export const policyScript = '/etc/kvmnet/irqbalance-policy';
export const bannedFolder = '/etc/kvmnet/irqbalance-banned';

export const irqbalanceProbe = (): Probe<Irqbalance | null> =>
  probe(
    ['systemctl', 'show', 'irqbalance.service', '-p', 'LoadState', '-p', 'ActiveState', '-p', 'UnitFileState'],
    ({ stdout }) => {
      const unit = parseKeyValue(stdout);
      if (unit.get('LoadState') !== 'loaded') return null;
      const active = unit.get('ActiveState');
      return {
        running: active === 'active' || active === 'activating',
        enabled: unit.get('UnitFileState') === 'enabled',
      };
    },
  );

/** The file with irqbalance's arguments, and whether the device is banned by us. */
export interface BalanceFiles {
  readonly path: string;
  /** Null: the file does not exist. */
  readonly text: string | null;
  readonly script: string;
  readonly marked: boolean;
}

const readFiles = sh`f=$3
if [ ! -f "$f" ]; then if [ -f "$4" ] || [ -d "\${4%/*}" ]; then f=$4; fi; fi
echo "config $f"
if [ -f "$f" ]; then echo text; cat -- "$f"; fi
echo; echo '#kvmnet script'
if [ -f "$1" ]; then cat -- "$1"; fi
echo; echo '#kvmnet mark'
if [ -e "$2" ]; then echo yes; fi`;

export const balanceFiles = (dev: string): Probe<BalanceFiles> =>
  probeScript(readFiles, [policyScript, `${bannedFolder}/${dev}`, ...configPaths], ({ stdout }) => {
    const [config = '', script = '', mark = ''] = stdout.split(/\n#kvmnet (?:script|mark)\n/);
    const [, path = configPaths[0], text] = /^config (\S+)(?:\ntext\n([^]*)|\n?)$/.exec(config) ?? [];
    return { path, text: text === undefined ? null : text, script, marked: mark.trim() === 'yes' };
  });
