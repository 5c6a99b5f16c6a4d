import type { Script } from './script.ts';

/** Content for a file on the host. */
export type Content =
  | string
  | Uint8Array
  /** A file of the controller, sent over a channel of its own before the steps run. `size` in bytes. */
  | { readonly file: string; readonly sha256: string; readonly size: number }
  /** A file of the host itself, by its path. */
  | { readonly onHost: string }
  | Stored;

/** Content that this host held before and keeps in its undo store, by SHA-256; of another run than this one where `run` names it. */
export interface Stored {
  readonly stored: string;
  readonly run?: string | undefined;
}

/** Runs one program. Exit codes other than `ok` (default 0) fail the task. */
export interface ExecStep {
  readonly kind: 'exec';
  readonly argv: readonly string[];
  readonly stdin?: string | undefined;
  readonly ok?: readonly number[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Runs constant shell with arguments, for what only the host knows at that moment (IRQ numbers, OpenFlow ports). */
export interface SnippetStep {
  readonly kind: 'snippet';
  readonly script: Script;
  readonly args: readonly string[];
  readonly stdin?: string | undefined;
}

/**
 * Replaces a file as a whole: written beside it, synced, checked by `validate`, renamed. A file that exists keeps its
 * owner, mode and SELinux label except for what is given here. A symbolic link is followed unless `follow` is false.
 */
export interface WriteStep {
  readonly kind: 'write';
  readonly path: string;
  readonly content: Content;
  /** Octal, e.g. `0644`; default for a new file: 0644. */
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  /** SHA-256 of the content it was read with, or null for "did not exist": refuses to overwrite anything else. */
  readonly expect?: string | null | undefined;
  /** A program that judges the new file before it takes its place; `%s` stands for the new file's path. */
  readonly validate?: readonly string[] | undefined;
  /** False: where the path is a symbolic link, the file takes the link's place. */
  readonly follow?: boolean | undefined;
}

/** Writes a value into a file that is an interface of the kernel (sysfs, procfs): in place, no newline translation. */
export interface PokeStep {
  readonly kind: 'poke';
  readonly path: string;
  readonly value: string;
}

/** Removes a file; a folder only with `recursive`. What is not there is no error. */
export interface RemoveStep {
  readonly kind: 'remove';
  readonly path: string;
  readonly recursive?: boolean | undefined;
}

/** Waits on the host until the snippet succeeds, asking again every `interval` seconds (default 0.2); fails after `timeout` seconds. */
export interface WaitStep {
  readonly kind: 'wait';
  readonly script: Script;
  readonly args: readonly string[];
  readonly timeout: number;
  readonly interval?: number | undefined;
  /** What is waited for, for the error: `4 virtual functions of eth0`. */
  readonly what: string;
}

/** One action on a host, as data. Never a shell string: see `src/sdk/compile.ts` for how it becomes one. */
export type Step = ExecStep | SnippetStep | WriteStep | PokeStep | RemoveStep | WaitStep;

type Options<S extends Step, K extends keyof S> = Omit<S, 'kind' | K>;

export const exec = (argv: readonly string[], options: Options<ExecStep, 'argv'> = {}): ExecStep => ({
  kind: 'exec',
  argv,
  ...options,
});
export const snippet = (
  script: Script,
  args: readonly string[],
  options: Options<SnippetStep, 'script' | 'args'> = {},
): SnippetStep => ({ kind: 'snippet', script, args, ...options });
export const write = (
  path: string,
  content: Content,
  options: Options<WriteStep, 'path' | 'content'> = {},
): WriteStep => ({
  kind: 'write',
  path,
  content,
  ...options,
});
export const poke = (path: string, value: string): PokeStep => ({ kind: 'poke', path, value });
export const remove = (path: string, options: Options<RemoveStep, 'path'> = {}): RemoveStep => ({
  kind: 'remove',
  path,
  ...options,
});
export const waitFor = (
  what: string,
  script: Script,
  args: readonly string[],
  options: { readonly timeout: number; readonly interval?: number },
): WaitStep => ({ kind: 'wait', what, script, args, ...options });
