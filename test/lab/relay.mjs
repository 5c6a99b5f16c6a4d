// Makes TCP connections in the network namespace it was started in and hands them to its parent, which lives in another one.
import { connect } from 'node:net';

process.on('message', (/** @type {{ id: number, host: string, port: number }} */ { id, host, port }) => {
  const socket = connect({ host, port, noDelay: true });
  // Paused before it connects, so that not a byte is read here: the parent gets the connection whole.
  socket.pause();
  socket.once('connect', () => process.send?.({ id }, socket));
  socket.once('error', (error) => process.send?.({ id, error: error.message }));
});
process.on('disconnect', () => process.exit());
