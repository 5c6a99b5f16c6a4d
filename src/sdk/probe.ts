import { sh, type Script } from './script.ts';

/** What a probe's command printed, and how it ended. A tool that is not installed ends with 127. */
export interface ProbeOutput {
  /** Standard output as UTF-8; see `bytes` for what is not text. */
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** A question to a host that changes nothing, and how to read the answer. The parser is pure. */
export interface Probe<T> {
  readonly run: ProbeCommand;
  readonly parse: (output: ProbeOutput) => T;
}

export type ProbeCommand =
  | { readonly argv: readonly string[]; readonly stdin?: string | undefined }
  | { readonly script: Script; readonly args: readonly string[]; readonly stdin?: string | undefined };

export type ProbeMap = Readonly<Record<string, Probe<unknown>>>;

/** What the probes of a module have seen, by the names it gave them. */
export type Seen<M extends ProbeMap> = { readonly [K in keyof M]: M[K] extends Probe<infer T> ? T : never };

interface ProbeOptions {
  readonly stdin?: string;
}

/** A probe that runs one program: `probe(['ip', '-j', 'link'], parseLinks)`. */
export const probe = <T>(
  argv: readonly string[],
  parse: (output: ProbeOutput) => T,
  options: ProbeOptions = {},
): Probe<T> => ({ run: { argv, ...options }, parse });

/** A probe that needs a bit of shell: probeScript(sh`for f in "$1"/*; do …; done`, ['/sys/class/net'], parse). */
export const probeScript = <T>(
  script: Script,
  args: readonly string[],
  parse: (output: ProbeOutput) => T,
  options: ProbeOptions = {},
): Probe<T> => ({ run: { script, args, ...options }, parse });

/** In place of a probe that is not needed with these parameters; costs nothing. */
export const noProbe = <T>(value: T): Probe<T> => ({ run: { script: sh`:`, args: [] }, parse: () => value });
