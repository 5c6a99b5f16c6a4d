import { PassThrough } from 'node:stream';
import { createRedactor } from '../../util/secrets.ts';
import type { Cli } from '../cli.ts';

/** Surroundings in which nothing is asked and nothing shown. */
export const silentCli = (more: Partial<Cli> = {}): Cli => ({
  version: '0',
  cwd: process.cwd(),
  env: {},
  stdin: process.stdin,
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  colour: undefined,
  verbosity: 0,
  redactor: createRedactor(),
  print: () => undefined,
  note: () => undefined,
  ...more,
});
