import type { Socket } from 'node:net';
import type { RunOptions } from './process.ts';

/** What the parts of a lab need of it; `Lab` is the one that has it. */
export interface LabHandle {
  readonly dir: string;
  readonly privateKeyPath: string;
  readonly knownHostsPath: string;
  readonly sshConfigPath: string;
  readonly inventoryPath: string;
  inside(argv: readonly string[], options?: RunOptions): Promise<string>;
  dial(host: string, port?: number, timeoutMs?: number): Promise<Socket>;
}
