import { Writable } from 'node:stream';
import type { OutputStream } from '../reporter.ts';

/** A stream that keeps what is written to it. */
export function collect(terminal?: { readonly columns: number; readonly rows: number }): {
  readonly stream: OutputStream & NodeJS.WritableStream;
  readonly text: () => string;
} {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return {
    stream: Object.assign(stream, terminal === undefined ? {} : { isTTY: true, ...terminal }),
    text: () => chunks.join(''),
  };
}
