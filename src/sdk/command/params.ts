import { z } from 'zod';
import { bool } from '../schemas/bool.ts';

/** The parameters that command, shell and script share. */
export const launchParams = {
  chdir: z.string().min(1).optional().describe('folder to start it in'),
  creates: z
    .string()
    .min(1)
    .optional()
    .describe('path or pattern, relative to chdir: where such a file exists, nothing is run'),
  removes: z
    .string()
    .min(1)
    .optional()
    .describe('path or pattern, relative to chdir: where no such file exists, nothing is run'),
  stdin: z.string().optional().describe('text for its standard input; default: nothing'),
  stdin_add_newline: bool().default(true).describe('end stdin with a newline'),
  strip_empty_ends: bool().default(true).describe('leave out empty lines at the end of stdout and stderr'),
};

/** Their values. */
export interface LaunchParams {
  readonly chdir?: string | undefined;
  readonly creates?: string | undefined;
  readonly removes?: string | undefined;
  readonly stdin?: string | undefined;
  readonly stdin_add_newline: boolean;
  readonly strip_empty_ends: boolean;
}
