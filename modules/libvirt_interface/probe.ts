import { parseXml, probeScript, sh, virshAnswers, type Probe, type XmlElement } from '../../src/sdk/index.ts';

export interface DomainSeen {
  readonly running: boolean;
  readonly config: XmlElement;
  readonly live: XmlElement | null;
}

const look = sh`command -v virsh >/dev/null || exit 127
v() { virsh -q -c qemu:///system "$@"; }
v domstate --domain "$1" || exit
printf '\036'
v dumpxml --inactive --domain "$1" || exit
printf '\036'
v dumpxml --domain "$1"`;

/** A guest as libvirt has it; null where it knows none of that name. */
export const domainProbe = (name: string): Probe<DomainSeen | null> =>
  probeScript(look, [name], (output) => {
    const answers = virshAnswers(output, `virsh dumpxml ${name}`);
    if (answers === undefined) return null;
    const [state = '', config = '', live = ''] = answers;
    const running = !/^(shut off|crashed)/.test(state.trim());
    const what = `the domain ${name}`;
    return { running, config: parseXml(config, what), live: running ? parseXml(live, what) : null };
  });

export type SourceKind = 'none' | 'bridge' | 'link' | 'vf' | 'pf' | 'no-iommu' | 'network';

const source = sh`case $1 in
bridge | direct)
  d=/sys/class/net/$2
  if [ ! -e "$d" ]; then echo none; elif [ -d "$d/bridge" ]; then echo bridge; else echo link; fi ;;
hostdev)
  d=/sys/bus/pci/devices/$2
  if [ ! -e "$d" ]; then echo none
  elif [ ! -e "$d/physfn" ]; then echo pf
  elif [ ! -e "$d/iommu_group" ]; then echo no-iommu
  else echo vf; fi ;;
network)
  if virsh -q -c qemu:///system net-info --network "$2" >/dev/null 2>&1; then echo network; else echo none; fi ;;
esac`;

/** What the source of an interface is on the host. */
export const sourceProbe = (type: string, name: string): Probe<SourceKind> =>
  probeScript(source, [type, name], ({ stdout }) => stdout.trim() as SourceKind);
