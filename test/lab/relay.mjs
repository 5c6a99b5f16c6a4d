// Makes TCP connections in the network namespace it was started in and hands them to its parent, which lives in another one.
import { connect } from 'node:net';

process.on(
  'message',
  (/** @type {{ id: number, host: string, port: number, timeoutMs: number }} */ { id, host, port, timeoutMs }) => {
    const socket = connect({ host, port, noDelay: true });
    // Paused before it connects, so that not a byte is read here: the parent gets the connection whole.
    socket.pause();
    socket.setTimeout(timeoutMs, () =>
      socket.destroy(new Error(`no answer from ${host}:${port} within ${timeoutMs} ms`)),
    );
    socket.once('connect', () => {
      socket.setTimeout(0);
      process.send?.({ id }, socket);
    });
    socket.once('error', (error) => process.send?.({ id, error: error.message }));
  },
);
process.on('disconnect', () => process.exit());
