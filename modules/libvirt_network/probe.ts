import {
  parseXml,
  probeScript,
  sh,
  virshAnswers,
  virshInfo,
  type Probe,
  type XmlElement,
} from '../../src/sdk/index.ts';

export interface NetworkSeen {
  readonly active: boolean;
  readonly autostart: boolean;
  readonly persistent: boolean;
  readonly config: XmlElement;
  readonly live: XmlElement | null;
}

const look = sh`command -v virsh >/dev/null || exit 127
v() { virsh -q -c qemu:///system "$@"; }
v net-info --network "$1" || exit
printf '\036'
v net-dumpxml --inactive --network "$1" || exit
printf '\036'
v net-dumpxml --network "$1"`;

/** A network as libvirt has it; null where it knows none of that name. */
export const networkProbe = (name: string): Probe<NetworkSeen | null> =>
  probeScript(look, [name], (output) => {
    const answers = virshAnswers(output, `virsh net-dumpxml ${name}`);
    if (answers === undefined) return null;
    const [info = '', config = '', live = ''] = answers;
    const facts = virshInfo(info);
    const active = facts.get('Active') === 'yes';
    return {
      active,
      autostart: facts.get('Autostart') === 'yes',
      persistent: facts.get('Persistent') === 'yes',
      config: parseXml(config, `the network ${name}`),
      live: active ? parseXml(live, `the network ${name}`) : null,
    };
  });

/** Of links: what kind of bridge; of PCI functions: VF or not. One line each. */
const sources = sh`n=$1; shift
while [ "$n" -gt 0 ]; do
  d=/sys/class/net/$1
  if [ ! -e "$d" ]; then echo none; elif [ -d "$d/bridge" ]; then echo bridge; else echo link; fi
  shift; n=$((n - 1))
done
for a; do
  d=/sys/bus/pci/devices/$a
  if [ ! -e "$d" ]; then echo none; elif [ -e "$d/physfn" ]; then echo vf; else echo pf; fi
done`;

export type SourceKind = 'none' | 'bridge' | 'link' | 'vf' | 'pf';

/** What links and PCI functions are, by their names. */
export const sourcesProbe = (
  links: readonly string[],
  functions: readonly string[],
): Probe<ReadonlyMap<string, SourceKind>> =>
  probeScript(sources, [String(links.length), ...links, ...functions], (output) => {
    const kinds = output.stdout.trim().split('\n');
    return new Map([...links, ...functions].map((name, i) => [name, (kinds[i] ?? 'none') as SourceKind]));
  });
