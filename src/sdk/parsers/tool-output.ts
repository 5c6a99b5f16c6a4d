import type { z } from 'zod';
import { KvmnetError } from '../../util/errors.ts';
import { missing } from '../errors.ts';
import type { ProbeOutput } from '../probe.ts';

// Packages that bring the tools, where name and package differ.
const packages = new Map([
  ['ip', 'iproute2 (iproute on RHEL)'],
  ['bridge', 'iproute2 (iproute on RHEL)'],
  ['tc', 'iproute2 (iproute-tc on RHEL)'],
  ['ovs-vsctl', 'openvswitch-switch (openvswitch on RHEL)'],
  ['iptables-save', 'iptables'],
  ['ip6tables-save', 'iptables'],
]);

/** The program's own name in a command line: `ip -j link` is `ip`. */
const program = (command: string): string => command.split(' ', 1)[0] ?? command;

/**
 * What a program printed, where it ended well.
 * @throws KvmnetError `missing` where it is not installed, `remote-command` where it failed
 */
export function toolText(output: ProbeOutput, command: string): string {
  const tool = program(command);
  if (output.code === 127) {
    throw missing(`${tool} is not installed`, `install the package ${packages.get(tool) ?? tool}`);
  }
  if (output.code !== 0) {
    const said = output.stderr.trim() === '' ? '' : `: ${output.stderr.trim()}`;
    throw new KvmnetError('remote-command', `${command} failed with exit code ${output.code}${said}`);
  }
  return output.stdout;
}

/**
 * What a program printed, as JSON of the given shape. Unknown keys are left out, so that newer versions of the program
 * do no harm. Nothing printed is an empty list: iproute2 prints nothing where it has nothing to say.
 */
export function toolJson<T>(output: ProbeOutput, command: string, schema: z.ZodType<T>): T {
  return readJson(toolText(output, command), command, schema);
}

/** The same for a part of an output. @throws KvmnetError code `remote-command`, with the beginning of what was printed */
export function readJson<T>(text: string, command: string, schema: z.ZodType<T>): T {
  const printed = text.trim() === '' ? '[]' : text;
  let value: unknown;
  try {
    value = JSON.parse(printed);
  } catch {
    throw unreadable(command, 'no JSON', printed);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unreadable(command, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'another shape'}`, printed);
}

/** A program printed something that kvmnet does not know. */
export function unreadable(command: string, why: string, printed: string): KvmnetError {
  const begin = printed.length > 200 ? `${printed.slice(0, 200)}…` : printed;
  return new KvmnetError('remote-command', `${command} printed what kvmnet cannot read (${why}): ${begin.trim()}`, {
    hint: `report it with the output of ${program(command)} and its version`,
  });
}
