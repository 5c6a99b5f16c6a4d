import { isObject } from '../util/json.ts';
import type { Cli } from './cli.ts';

/** Whether a variable, parameter or flag of this name holds a secret; where files with one lie is none. */
export const isSecretName = (name: string): boolean =>
  /pass(?:word|wd|phrase)?(?![a-z])|secret|token|credential|api[-_]?key|private[-_]?key|(?:^|[-_])(?:psk|pin|pw)(?![a-z])/i.test(
    name,
  ) && !/(?:^|[-_])(?:file|path|dir|folder|ask)(?:$|[-_])/i.test(name);

/** Hiding a shorter word would hide half of every report. */
const shortestHidden = 6;

/** Hides what variables with such names hold, in whatever is shown or written down. */
export function hideSecrets(cli: Pick<Cli, 'redactor'>, values: unknown, isSecret = false): void {
  if (typeof values === 'string' && isSecret && values.length >= shortestHidden) cli.redactor.add(values);
  if (Array.isArray(values)) for (const item of values) hideSecrets(cli, item, isSecret);
  if (!isObject(values)) return;
  for (const [name, value] of Object.entries(values)) hideSecrets(cli, value, isSecret || isSecretName(name));
}
