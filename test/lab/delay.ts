import { existsSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHandle } from './handle.ts';
import { cacheDir, fingerprint, here } from './paths.ts';
import { must, processId, run } from './process.ts';
import { readState } from './state.ts';
import { writeWiring, type HostRecord } from './wiring.ts';

export interface Delay {
  /** Round-trip time in milliseconds; half of it each way. */
  readonly rttMs: number;
  /** Percentage of packets lost, each way. */
  readonly loss?: number;
  /** Megabits a second, each way. */
  readonly rate?: number;
}

/** Puts a host's management link behind the relay, or takes it away again where nothing is left to do for it. */
export async function setDelay(lab: LabHandle, host: HostRecord, { rttMs, loss = 0, rate = 0 }: Delay): Promise<void> {
  const folder = join(lab.dir, 'hosts', host.name);
  const pidFile = join(folder, 'delay.pid');
  const script = ['sh', join(here, 'sh/set-delay.sh'), lab.dir, host.name, `${host.index}`];
  if (existsSync(pidFile)) {
    await lab.inside(script);
    const relay = processId(Number(readFileSync(pidFile, 'utf8')));
    if (relay !== undefined) process.kill(relay.pid, 'SIGKILL');
    await rm(pidFile);
    await writeWiring(folder, host);
  }
  if (rttMs === 0 && loss === 0 && rate === 0) return;
  await writeWiring(folder, host, `d${host.index}`);
  await lab.inside([...script, await relayProgram(), `${rttMs / 2}`, `${loss}`, `${rate}`]);
  // Who measures wants the way, not the look-up of the neighbour's address, which would be one round trip more.
  await run([
    'nsenter',
    `--net=/proc/${readState(lab.dir).init.pid}/ns/net`,
    'ping',
    '-q',
    '-c',
    '1',
    '-W',
    '3',
    host.address,
  ]);
}

/** The bridge in the hub that a host's management link belongs to now. */
export const uplinkOf = (dir: string, host: HostRecord): string =>
  existsSync(join(dir, 'hosts', host.name, 'delay.pid')) ? `d${host.index}` : 'mgmt';

/** The compiled relay, kept under the lab folder. */
async function relayProgram(): Promise<string> {
  const program = join(cacheDir(), `delay-${fingerprint(['delay.c'])}`);
  if (existsSync(program)) return program;
  const unfinished = `${program}.${process.pid}`;
  await must(['cc', '-D_GNU_SOURCE', '-O2', '-o', unfinished, join(here, 'delay.c')]);
  await rename(unfinished, program);
  return program;
}
