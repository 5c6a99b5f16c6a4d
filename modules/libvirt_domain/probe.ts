import {
  parseXml,
  probeScript,
  sh,
  virshAnswers,
  virshInfo,
  type Probe,
  type XmlElement,
} from '../../src/sdk/index.ts';

export type Run = 'running' | 'paused' | 'shut off';

export interface GuestSeen {
  readonly run: Run;
  readonly autostart: boolean;
  readonly persistent: boolean;
  readonly config: XmlElement;
  readonly live: XmlElement | null;
}

// With its secrets: what is defined again without them would lose them.
const look = sh`command -v virsh >/dev/null || exit 127
v() { virsh -q -c qemu:///system "$@"; }
v dominfo --domain "$1" || exit
printf '\036'
v dumpxml --inactive --security-info --domain "$1" || exit
printf '\036'
v dumpxml --domain "$1"`;

/** A guest as libvirt has it; null where it knows none of that name. */
export const guestProbe = (name: string): Probe<GuestSeen | null> =>
  probeScript(look, [name], (output) => {
    const answers = virshAnswers(output, `virsh dumpxml ${name}`);
    if (answers === undefined) return null;
    const [info = '', config = '', live = ''] = answers;
    const known = virshInfo(info);
    const run = runOf(known.get('State'));
    const what = `the domain ${name}`;
    return {
      run,
      autostart: known.get('Autostart') === 'enable',
      persistent: known.get('Persistent') === 'yes',
      config: parseXml(config, what),
      live: run === 'shut off' ? null : parseXml(live, what),
    };
  });

function runOf(state: string | undefined): Run {
  if (state === 'shut off' || state === 'crashed') return 'shut off';
  return state === 'paused' ? 'paused' : 'running';
}
