import { probeScript, type Probe } from '../probe.ts';
import { sh } from '../script.ts';

/**
 * Files of ifupdown, netplan, systemd-networkd, NetworkManager and RHEL's network scripts that name a link: whoever
 * manages it there will fight with us.
 */
export const linkConfigFiles = (name: string): Probe<readonly string[]> =>
  probeScript(grepConfig, [name], ({ stdout }) => {
    const named = stdout.split('\n').flatMap((line) => {
      const [, file, text = ''] = /^(\/[^:]*):(.*)$/.exec(line) ?? [];
      return file !== undefined && namesLink(text, name) ? [file] : [];
    });
    return [...new Set(named)];
  });

const grepConfig = sh`grep -sHF -e "$1" /etc/network/interfaces /etc/network/interfaces.d/* /etc/netplan/*.yaml \
/etc/systemd/network/*.netdev /etc/systemd/network/*.network /etc/NetworkManager/system-connections/* \
/etc/sysconfig/network-scripts/ifcfg-* || :`;

// As a whole word, of which `eth0.100` has `eth0` not; no comment.
function namesLink(text: string, name: string): boolean {
  if (/^\s*[#;]/.test(text)) return false;
  return text.split(/[\s=,"'[\]{}]+|:(?:\s|$)/).includes(name);
}

/** For `warnings`: one for each file. */
export const linkConfigWarnings = (name: string, files: readonly string[]): readonly string[] =>
  files.map((file) => `${file} defines ${name} too: take it out there, or it will be changed back`);
