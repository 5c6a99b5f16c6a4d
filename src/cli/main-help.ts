import { commands } from './commands.ts';

const examples = [
  ['kvmnet play site.yml -i prod --check --diff', 'what would be changed'],
  ["kvmnet sriov 'kvm*:!kvm09' -i prod --pf eno1 --num-vfs 4", 'one module on some hosts'],
  ["kvmnet shell all -i prod -- 'uptime; uname -r'", 'a command on all of them'],
] as const;

/** What `kvmnet --help` prints. */
export function mainHelp(): string {
  const shown = commands.filter(({ hidden }) => hidden !== true);
  const lines = shown.map(({ name, usage, summary }) => [`${name} ${usage}`, summary] as const);
  const width = Math.max(...lines.map(([left]) => left.length), ...examples.map(([left]) => left.length));
  const table = (rows: readonly (readonly [string, string])[]): string =>
    rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
  return `kvmnet configures the networking of KVM hosts over SSH: what should be, not what to do.

Usage: kvmnet COMMAND [options]
       kvmnet MODULE PATTERN [--PARAMETER VALUE]... [options]

Commands:
${table(lines)}

Modules are listed by "kvmnet doc"; "kvmnet COMMAND --help" explains a command or a module.

Options:
${table([
  ['-h, --help', 'show this help'],
  ['-V, --version', 'show the version'],
  ['--color, --no-color', 'colours always or never (default: on a terminal; NO_COLOR is honoured)'],
])}

Examples:
${table(examples)}
`;
}
