import type { Option } from '@commander-js/extra-typings';
import type { OutputStream } from '../report/index.ts';
import type { Redactor } from '../util/secrets.ts';

/** The surroundings of one call of the program. Commands know no others. */
export interface Cli {
  readonly version: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** `--color`, `--no-color`, or neither. */
  readonly colour: boolean | undefined;
  /** Number of -v, as far as it can be told before the options are parsed: for errors in them. */
  readonly verbosity: number;
  /** Knows what must never be shown: decrypted texts, passwords. */
  readonly redactor: Redactor;
  /** What was asked for: on the standard output, with a newline at its end. */
  print(text: string): void;
  /** What a person should know beside that: on the standard error. */
  note(text: string): void;
}

/** A command, loaded when it is called. */
export interface CommandModule {
  /** Gives the exit code. */
  run(cli: Cli, args: readonly string[]): Promise<number>;
  /** Its parser: what it takes is completed from that. */
  build?(cli: Cli, args: readonly string[]): Buildable | Promise<Buildable>;
}

interface Buildable {
  readonly options: readonly Option[];
}
