import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { here } from './paths.ts';
import { must } from './process.ts';

/** What labs and tests need of the machine: a Debian package, and a file that shows that it is there. */
const NEEDED: readonly { readonly package: string; readonly shows: string }[] = [
  { package: 'busybox', shows: 'busybox' },
  { package: 'csh', shows: 'csh' },
  { package: 'debian-archive-keyring', shows: '/usr/share/keyrings/debian-archive-keyring.gpg' },
  { package: 'ethtool', shows: 'ethtool' },
  { package: 'fish', shows: 'fish' },
  { package: 'frr', shows: 'vtysh' },
  { package: 'gcc', shows: 'cc' },
  { package: 'iperf3', shows: 'iperf3' },
  { package: 'iproute2', shows: 'ip' },
  { package: 'iptables', shows: 'iptables' },
  { package: 'iputils-ping', shows: 'ping' },
  { package: 'libc6-dev', shows: '/usr/include/stdio.h' },
  { package: 'mmdebstrap', shows: 'mmdebstrap' },
  { package: 'opendoas', shows: 'doas' },
  { package: 'openssh-client', shows: 'ssh' },
  { package: 'openssh-server', shows: 'sshd' },
  { package: 'openvswitch-switch', shows: 'ovs-vswitchd' },
  { package: 'openvswitch-testcontroller', shows: 'ovs-testcontroller' },
  { package: 'procps', shows: 'sysctl' },
  { package: 'sudo', shows: 'sudo' },
  { package: 'systemd-container', shows: 'systemd-nspawn' },
];

const PATH = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

const isThere = (shows: string): boolean =>
  shows.startsWith('/') ? existsSync(shows) : PATH.some((dir) => isExecutable(join(dir, shows)));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why no lab can run here, for the reader of a test report; undefined when one can. */
export function labRefusal(): string | undefined {
  if (process.platform !== 'linux') return `the lab tier needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'the lab tier needs root: it makes network namespaces and mounts';
  if (!existsSync('/etc/debian_version'))
    return 'the lab tier needs Debian 12: its hosts are made from Debian packages';
  return undefined;
}

const missingPackages = (): string[] => NEEDED.filter((n) => !isThere(n.shows)).map((n) => n.package);

/**
 * Installs what is missing for labs; a few milliseconds when nothing is. No service is started on the machine.
 * @throws where no lab can run at all, with the reason.
 */
export async function ensureInstalled(log: (line: string) => void = console.log): Promise<void> {
  const refusal = labRefusal();
  if (refusal !== undefined) throw new Error(refusal);
  const missing = missingPackages();
  if (missing.length === 0) return;
  log(`installing for the lab: ${missing.join(' ')}`);
  await must(['sh', join(here, 'sh/apt-install.sh'), ...missing], { timeout: 1800 });
  const still = missingPackages();
  if (still.length > 0) throw new Error(`installed, yet not found: ${still.join(' ')}`);
}
