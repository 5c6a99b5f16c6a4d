import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/** A program (ssh_config's ProxyCommand) whose standard streams are the connection. */
export function openProxy(command: string): Duplex {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.once('error', (error) => stream.destroy(error));
  stream.once('close', () => child.kill());
  return stream;
}
