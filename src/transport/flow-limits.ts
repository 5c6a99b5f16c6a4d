import type { Duplex, Readable } from 'node:stream';

// ssh2 gives a host a window of 2 MiB and looks at it only when it is used up to the byte; and it sends whatever a host's
// own window allows, or its questions ask for, whether or not the host reads any of it. Both ends are bounded here.

/** Bytes of one stream that wait to be read: four windows. */
const MOST_INPUT = 8 * 1024 * 1024;

/** Bytes that wait to be sent. OpenSSH gives no session more than 2 MiB. */
const MOST_OUTPUT = 64 * 1024 * 1024;

/** @param overrun is called when the host has sent far more than it was allowed to. */
export function limitInput(stream: Readable, overrun: () => void): void {
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    // The end has to come through, or the reader waits for it.
    if (chunk === null || stream.readableLength <= MOST_INPUT) return push(chunk, encoding);
    overrun();
    return false;
  };
}

/** Hangs up where the other end asks and takes without end, and reads nothing. */
export function limitFlow(socket: Duplex): void {
  const look = setInterval(() => {
    if (socket.writableLength > MOST_OUTPUT) socket.destroy();
  }, 250);
  look.unref();
  socket.once('close', () => clearInterval(look));
}
