import { definitions, type SettingName } from '../settings/definitions.ts';
import { generatedBy } from './generated-by.ts';

/** `docs/configuration.md`: the settings that commands share, and where they can be set. */
export function settingsPage(): string {
  const names = Object.keys(definitions) as SettingName[];
  const rows = names.map((name) => {
    const definition = definitions[name];
    const once = 'once' in definition;
    const cells = [
      `\`${definition.flags}\``,
      once ? '' : `\`${name}\``,
      once ? '' : `\`KVMNET_${name.toUpperCase()}\``,
      definition.description,
    ];
    return `| ${cells
      .join(' | ')
      .replaceAll('<', '&lt;')
      .replaceAll(/`([^`]*)&lt;/g, '`$1<')} |`;
  });
  return `${generatedBy}

# Settings

A setting is looked for in this order; the first place that has it wins:

1. the flag on the command line,
2. the environment variable,
3. the project file: the nearest \`kvmnet.yml\` from the folder of the playbook upwards (for commands without a playbook from
   the working directory),
4. the default.

Extra variables add up instead: those of the command line win over those of the environment, and these over the project's. Paths
in the project file are relative to its folder. What belongs to one run only can be given as a flag and nowhere else.

\`\`\`yaml
# kvmnet.yml
inventory: lab
diff: true
forks: 20
vault_password_file: .vault-password
extra_vars: { mtu: 9000 }
\`\`\`

| Flag | In \`kvmnet.yml\` | In the environment | What it says |
| --- | --- | --- | --- |
${rows.join('\n')}

A switch that the project sets is turned off by \`--no-diff\`, \`--no-become\`, …

In \`kvmnet.yml\` \`confirm: false\` is what \`--no-confirm\` says, and \`verbose: 2\` is \`-vv\`. In the environment 1 and 0 stand for yes and
no. Colours: \`--color\` and \`--no-color\`, then \`FORCE_COLOR\`, then \`NO_COLOR\`, then whether the output is a terminal.

## Exit codes

| Code | Meaning |
| --- | --- |
| 0 | everything is as it should be, or was made so |
| 1 | a mistake on the command line, in an inventory or in a playbook; nothing was done |
| 2 | a task failed on a host |
| 3 | with \`--check --exit-code\`: something would change |
| 4 | a host could not be reached, and none failed |
| 70 | a bug of kvmnet |
| 130 | stopped by ^C or a signal |
`;
}
