import { sh, type ActionHost, type CommandResult, type ProbeCommand } from '../../src/sdk/index.ts';

/** The id of this boot, an empty line, then the virtual machines that a reboot would end, one a line. */
export const lookAtHost = {
  args: [],
  // Where libvirtd does not answer, its files still tell which guests run.
  script: sh`LIBVIRT_DEFAULT_URI=\${LIBVIRT_DEFAULT_URI:-qemu:///system}; export LIBVIRT_DEFAULT_URI
cat /proc/sys/kernel/random/boot_id; echo
if command -v virsh >/dev/null; then
  if g=$(virsh list --name --state-running --state-paused 2>/dev/null); then printf '%s\n' "$g"; exit 0; fi
fi
for f in /run/libvirt/qemu/*.xml; do
  if [ -e "$f" ]; then f=\${f##*/}; printf '%s\n' "\${f%.xml}"; fi
done`,
} as const satisfies ProbeCommand;

/** The id of this boot and nothing else: libvirtd takes its time when a host comes up. */
export const readBootId = { args: [], script: sh`cat /proc/sys/kernel/random/boot_id` } as const satisfies ProbeCommand;

export interface HostLook {
  readonly bootId: string;
  readonly guests: readonly string[];
}

export function parseHostLook({ stdout }: Pick<CommandResult, 'stdout'>): HostLook {
  const [bootId = '', ...lines] = stdout.split('\n').map((line) => line.trim());
  return { bootId, guests: lines.filter((line) => line !== '') };
}

/** Asks one guest after the other to go. "$1" shutdown or managedsave, then the names. Exit code 0 when all were asked. */
export const askGuests = sh`LIBVIRT_DEFAULT_URI=\${LIBVIRT_DEFAULT_URI:-qemu:///system}; export LIBVIRT_DEFAULT_URI
c=$1 rc=0; shift
for g do virsh "$c" "$g" >/dev/null || rc=1; done
exit $rc`;

/** Waits on the host until no guest is left; "$1" seconds. */
export const guestsGone = sh`LIBVIRT_DEFAULT_URI=\${LIBVIRT_DEFAULT_URI:-qemu:///system}; export LIBVIRT_DEFAULT_URI
n=0
while g=$(virsh list --name --state-running --state-paused) || exit 2; [ -n "$g" ]; do
  if [ $n -ge "$1" ]; then printf '%s\n' "$g"; exit 1; fi
  n=$((n+1)); sleep 1
done`;

/**
 * Tells the users and sets the reboot going, detached from this session, so that the answer still arrives. "$1" seconds,
 * "$2" message. A timer of systemd is a minute late unless it is told to be exact.
 */
export const rebootSoon = sh`if command -v wall >/dev/null; then printf '%s\n' "$2" | wall 2>/dev/null; fi
if [ -d /run/systemd/system ]; then
  if command -v systemd-run >/dev/null && systemd-run --quiet --on-active="$1" --timer-property=AccuracySec=100ms systemctl reboot; then exit 0; fi
  set -- "$1" 'systemctl reboot'
else set -- "$1" 'reboot || shutdown -r now'; fi
if command -v setsid >/dev/null; then d=setsid; else d=nohup; fi
$d sh -c 'sleep "$1"; eval "$2"' sh "$1" "$2" </dev/null >/dev/null 2>&1 &`;

/** Runs a shell command line. Its text is no argument of any program. */
export const shellLine = (text: string) => ({
  script: sh`printf %s "$1" 2>/dev/null | { exec 3<&0 </dev/null; sh -c 'eval "exec 3<&-; $(cat <&3)"'; }`,
  args: [text] as const,
});

export async function one(host: ActionHost, command: ProbeCommand, timeout?: number): Promise<CommandResult> {
  const [result] = await host.run([command], timeout === undefined ? {} : { timeout });
  if (result === undefined) throw new Error('the engine gave no result for a command');
  return result;
}
