import { z } from 'zod';
import { splitProblem, splitWords } from '../command/split-words.ts';

/**
 * A program that judges a new file before it takes its place: `visudo -cf %s`, or a list of words. There is no shell, so
 * that a path can never become a command. Gives the words.
 */
export const checkCommand = () =>
  z
    .union([z.string(), z.array(z.string())], { error: 'a command is text or a list of words' })
    .superRefine((command, context) => {
      const message = problem(command);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .transform((command): readonly string[] => (typeof command === 'string' ? splitWords(command) : command));

function problem(command: string | readonly string[]): string | undefined {
  const unsplit = typeof command === 'string' ? splitProblem(command) : undefined;
  if (unsplit !== undefined) return unsplit;
  const words = typeof command === 'string' ? splitWords(command) : command;
  if (!words.some((word) => word.includes('%s'))) return 'the command must hold %s, which stands for the new file';
  const operator = typeof command === 'string' ? words.find((word) => /^(?:[|&;<>]+|\d?>.*)$/.test(word)) : undefined;
  return operator === undefined
    ? undefined
    : `"${operator}" needs a shell, and there is none here: give a list, [sh, -c, 'COMMAND "$1"', sh, "%s"]`;
}
