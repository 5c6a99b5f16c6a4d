import { z } from 'zod';
import { missing } from '../errors.ts';
import type { ProbeOutput } from '../probe.ts';
import { toolText } from '../parsers/tool-output.ts';
import { exec, type Step } from '../step.ts';

/** A command of virsh, always to the system's hypervisor whatever the user's own default is. */
export const virsh = (...words: readonly string[]): readonly string[] => [
  'virsh',
  '-q',
  '-c',
  'qemu:///system',
  ...words,
];

export const virshStep = (words: readonly string[], stdin?: string): Step =>
  exec(virsh(...words), stdin === undefined ? {} : { stdin });

/** Between the answers of several commands of virsh in one probe: ASCII's record separator, which XML cannot hold. */
const separator = '\u001E';

/**
 * The answers of a probe that printed `\036` between them; undefined where libvirt knows no such object.
 * @throws KvmnetError `missing` where virsh is not installed or libvirt does not answer
 */
export function virshAnswers(output: ProbeOutput, command: string): readonly string[] | undefined {
  if (output.code === 127) {
    throw missing('virsh is not installed', 'install the package libvirt-clients (libvirt-client on RHEL)');
  }
  if (/failed to connect to the hypervisor/.test(output.stderr)) {
    throw missing(
      'libvirt does not answer',
      'start it: service: { name: libvirtd, state: started } (virtqemud where libvirt has a daemon for each driver)',
    );
  }
  if (output.code !== 0 && /not found|failed to get (?:domain|network)/i.test(output.stderr)) return undefined;
  return toolText(output, command).split(separator);
}

/** `Active:  yes` of net-info and dominfo. */
export const virshInfo = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, key, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.trim()]];
    }),
  );

const uuid = /^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i;

/** Name of a domain or a network. virsh takes a number for an id and a UUID for one, whatever is called so. */
export const virtName = (what: string) =>
  z
    .string({ error: `expected the name of a ${what}; write a number in quotes` })
    .min(1, { error: `the name of a ${what} cannot be empty` })
    .superRefine((name, context) => {
      const complain = (message: string): void => context.addIssue({ code: 'custom', message });
      if (/^\d+$/.test(name)) complain(`virsh takes "${name}" for an id: give the ${what} a name with a letter in it`);
      else if (uuid.test(name)) complain(`"${name}" is a UUID: give the name of the ${what}`);
      else if (name.startsWith('-')) complain(`"${name}" begins with a dash, which virsh takes for an option`);
      else if (/[/\p{Cc}]/u.test(name)) complain(`${JSON.stringify(name)} has a "/" or a control character in it`);
    });
