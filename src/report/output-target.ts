import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { KvmnetError } from '../util/errors.ts';
import { fileProblem } from '../util/file-problem.ts';

/** Where a reporter writes: the standard output, or a file of its own. */
export interface OutputTarget {
  write(text: string): void;
  /** Resolves when everything is written. @throws KvmnetError code `io` */
  close(): Promise<void>;
}

export const streamTarget = (stream: Writable): OutputTarget => ({
  write: (text) => void stream.write(text),
  // The standard output is not ours to end; an empty write calls back after all that went before.
  close: () => new Promise((resolve) => stream.write('', () => resolve())),
});

/** @throws KvmnetError code `io` where the file cannot be written: before anything is done on a host */
export async function fileTarget(path: string): Promise<OutputTarget> {
  const stream = createWriteStream(path);
  const cannotWrite = (cause: unknown): KvmnetError =>
    new KvmnetError('io', `cannot write the report ${path}: ${fileProblem(cause)}`, {
      cause,
    });
  await once(stream, 'open').catch((error: unknown) => {
    throw cannotWrite(error);
  });
  let failure: unknown;
  stream.on('error', (error) => (failure = error));
  return {
    write: (text) => void stream.write(text),
    close: async () => {
      stream.end();
      await finished(stream).catch((error: unknown) => (failure ??= error));
      if (failure !== undefined) throw cannotWrite(failure);
    },
  };
}
