import { probeScript, sh, unreadable, type Probe } from '../../src/sdk/index.ts';
import { kernelCmdline } from './default-files.ts';
import type { IommuKind } from './iommu.ts';
import { splitCmdline, type Token } from './tokens.ts';

/** A boot entry. */
export interface Entry {
  readonly kernel: string;
  readonly tokens: readonly Token[];
}

export interface Seen {
  readonly running: readonly Token[];
  readonly iommu: IommuKind;
  readonly ostree: boolean;
  /** How entries are made here; undefined: no GRUB was found. */
  readonly tool: 'grubby' | 'update-grub' | 'grub-mkconfig' | 'grub2-mkconfig' | undefined;
  /** The generated configuration, where there is one. */
  readonly config: string | undefined;
  /** What the files say, as a shell reads them. */
  readonly defaults: readonly Token[];
  /** What kernel-install gives to the next kernel, where that has a file of its own. */
  readonly cmdline: readonly Token[] | undefined;
  readonly files: ReadonlyMap<string, string>;
  /** There is a folder for drop-ins. */
  readonly folder: boolean;
  readonly entries: readonly Entry[];
  readonly defaultKernel: string;
  /** The entries are older than this boot, so it could have used them. */
  readonly bootedSince: boolean;
}

const look = sh`say() { printf '\n#kvmnet %s\n' "$1"; }
say running; cat /proc/cmdline
say machine
for t in DMAR IVRS; do if [ -e "/sys/firmware/acpi/tables/$t" ]; then echo "$t"; fi; done
while read -r k _ v _; do case $k in vendor_id) echo "$v"; break;; CPU) echo "CPU $v"; break;; esac; done </proc/cpuinfo
if [ -e /run/ostree-booted ]; then echo ostree; fi
if [ -d /etc/default/grub.d ]; then echo folder; fi
tool=
for t in grubby update-grub grub-mkconfig grub2-mkconfig; do
  if command -v "$t" >/dev/null; then tool=$t; echo "tool $t"; break; fi
done
config=
for f in /boot/grub/grub.cfg /boot/grub2/grub.cfg; do if [ -f "$f" ]; then config=$f; echo "config $f"; break; fi; done
while read -r k v; do if [ "$k" = btime ]; then echo "btime $v"; break; fi; done </proc/stat
for f in "$config" /boot/loader/entries/*.conf; do
  if [ -f "$f" ]; then echo "made $(stat -c %Y -- "$f")"; fi
done
for f in /etc/default/grub /etc/default/grub.d/*.cfg /etc/kernel/cmdline; do
  if [ -f "$f" ]; then say "file $f"; cat -- "$f"; fi
done
say defaults
(
  trap 'printf "\n#kvmnet value\n%s %s\n" "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"' EXIT
  GRUB_CMDLINE_LINUX= GRUB_CMDLINE_LINUX_DEFAULT=
  for f in /etc/default/grub /etc/default/grub.d/*.cfg; do
    case $f in /etc/default/grub|*/grub.d/*) if [ -f "$f" ]; then . "$f"; fi;; esac
  done >/dev/null 2>&1
)
say entries
if [ "$tool" = grubby ]; then
  grubby --info=ALL || exit
  say default; grubby --default-kernel
elif [ -n "$config" ]; then
  sed -n '/BEGIN .*10_linux/,/END .*10_linux/p' "$config" | grep -E '^[[:space:]]*linux(16|efi)?[[:space:]]'
fi
exit 0`;

export const grubProbe = (): Probe<Seen> =>
  probeScript(look, [], ({ stdout, stderr, code }) => {
    const sections = stdout.split(/^#kvmnet /m).map((part): [string, string] => {
      const at = part.indexOf('\n');
      return [part.slice(0, at), part.slice(at + 1)];
    });
    if (code !== 0) throw unreadable('grubby --info=ALL', `exit code ${code}`, stderr);
    const section = (name: string): string => sections.find(([title]) => title === name)?.[1].trim() ?? '';
    const lines = section('machine').split('\n');
    const after = (word: string): string | undefined =>
      lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
    const tool = after('tool');
    const known = (['grubby', 'update-grub', 'grub-mkconfig', 'grub2-mkconfig'] as const).find((name) => name === tool);
    // What stands between a file and the next heading is one empty line of ours.
    const files = new Map(
      sections.flatMap(([title, text]): [string, string][] =>
        title.startsWith('file ') ? [[title.slice(5), text.replace(/\n$/, '')]] : [],
      ),
    );
    const cmdline = known === 'grubby' ? files.get(kernelCmdline) : undefined;
    const made = lines.flatMap((line) => (line.startsWith('made ') ? [Number(line.slice(5))] : []));
    return {
      running: splitCmdline(section('running')),
      iommu: kindOf(lines),
      ostree: lines.includes('ostree'),
      tool: known,
      config: after('config'),
      defaults: splitCmdline(section('value')),
      cmdline: cmdline === undefined ? undefined : splitCmdline(cmdline),
      files,
      folder: lines.includes('folder'),
      entries: known === 'grubby' ? grubbyEntries(section('entries')) : configEntries(section('entries')),
      defaultKernel: section('default'),
      bootedSince: made.length > 0 && Number(after('btime') ?? 0) > Math.max(...made) + 5,
    };
  });

function kindOf(lines: readonly string[]): IommuKind {
  // The firmware's table says what is there; the processor's name only what could be.
  if (lines.includes('DMAR') || lines.includes('GenuineIntel')) return lines.includes('IVRS') ? 'amd' : 'intel';
  if (lines.includes('IVRS') || lines.includes('AuthenticAMD') || lines.includes('HygonGenuine')) return 'amd';
  return lines.some((line) => line.startsWith('CPU ')) ? 'arm' : 'unknown';
}

/** Blocks of `grubby --info=ALL`: kernel="…", args="…". */
function grubbyEntries(text: string): readonly Entry[] {
  return text.split(/^index=/m).flatMap((block) => {
    const kernel = /^kernel="?([^"\n]*)"?$/m.exec(block)?.[1];
    const args = /^args="(.*)"$/m.exec(block)?.[1];
    return kernel === undefined ? [] : [{ kernel, tokens: splitCmdline((args ?? '').replaceAll('\\"', '"')) }];
  });
}

// Entries for recovery get only what all entries get.
function configEntries(text: string): readonly Entry[] {
  return text.split('\n').flatMap((line) => {
    const [, kernel, args = ''] = /^\s*linux(?:16|efi)?\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (kernel === undefined || /(^|\s)(single|recovery)(\s|$)/.test(args)) return [];
    return [{ kernel, tokens: splitCmdline(args) }];
  });
}
