import { exec, refuse, remove, sh, snippet, write, type Step } from '../../src/sdk/index.ts';
import { bannedFolder, policyScript, type BalanceFiles } from './read.ts';

/**
 * irqbalance asks this script about each interrupt (`--policyscript`, in all versions since 1.0.6): numbers change from
 * boot to boot, devices do not. "$1" is the device's folder in sysfs under /sys/bus/pci/devices, a link, and empty for an
 * interrupt of no device; "$2" is the interrupt.
 */
const script = String.raw`#!/bin/sh
# managed by kvmnet: irqbalance leaves alone the interrupts of the devices named in ${bannedFolder}
[ -n "$1" ] && of=$(readlink -f "$1") || exit 0
for mark in ${bannedFolder}/*; do
  dev=${'$'}{mark##*/}
  path=$(readlink -f "/sys/class/net/$dev/device") || continue
  case "$path/" in
    "$of"/*) echo "ban=true"; exit 0;;
  esac
done
exit 0
`;

const option = `--policyscript=${policyScript}`;
const line = /^[ \t]*(?:export[ \t]+)?IRQBALANCE_ARGS=(.*)$/m;

/** Whether irqbalance would leave the device alone, given arguments that name the script. */
export const isMarked = (files: BalanceFiles): boolean => files.marked && files.script.trim() === script.trim();

/** The value of IRQBALANCE_ARGS; null: the file does not set it. */
export const argumentsOf = ({ text }: BalanceFiles): string | null => {
  const value = line.exec(text ?? '')?.[1];
  return value === undefined ? null : value.trim().replace(/^(["'])(.*)\1$/, '$2');
};

/** Arguments with our script among them. @throws KvmnetError code `refused` where another script is there */
export function withPolicy(files: BalanceFiles): string {
  const now = argumentsOf(files) ?? '';
  if (now.split(/\s+/).includes(option)) return now;
  const other = /--policyscript[= ]\S+/.exec(now)?.[0];
  if (other !== undefined) {
    throw refuse(
      `irqbalance has a policy script of its own (${other} in ${files.path})`,
      'let it print ban=true for these interrupts and set irqbalance: leave, or set irqbalance: stop',
    );
  }
  return `${now} ${option}`.trim();
}

/** The arguments file with other arguments. `files` is as it was read before the change: going back gives the very same file. */
export function argumentSteps(files: BalanceFiles, args: string | null): readonly Step[] {
  if (argumentsOf(files) === args) return files.text === null ? [remove(files.path)] : [write(files.path, files.text)];
  const text = files.text ?? '';
  if (args === null) return [write(files.path, text.replace(line, '').replace(/\n\n$/, '\n'))];
  const next = `IRQBALANCE_ARGS="${args}"`;
  if (line.test(text))
    return [
      write(
        files.path,
        text.replace(line, () => next),
      ),
    ];
  return [write(files.path, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${next}\n`)];
}

export const banSteps = (dev: string): readonly Step[] => [
  exec(['mkdir', '-p', bannedFolder]),
  write(policyScript, script, { mode: '0755' }),
  write(`${bannedFolder}/${dev}`, ''),
];

// Without any mark the script is of no use.
const unban = sh`rm -f -- "$1/$2"
[ -d "$1" ] || exit 0
rmdir -- "$1" 2>/dev/null || exit 0
rm -f -- "$3"
rmdir -- "\${3%/*}" 2>/dev/null || :`;

export const unbanSteps = (dev: string): readonly Step[] => [snippet(unban, [bannedFolder, dev, policyScript])];
