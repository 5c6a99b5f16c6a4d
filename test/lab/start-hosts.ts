import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureBase } from './base.ts';
import { writeClientFiles } from './client-files.ts';
import { Host } from './host.ts';
import type { LabHandle } from './handle.ts';
import { withLock } from './lock.ts';
import { here } from './paths.ts';
import { until } from './process.ts';
import { updateState } from './state.ts';
import {
  address6Of,
  addressOf,
  writeHostFiles,
  writeWiring,
  type HostKind,
  type HostRecord,
  type Nics,
} from './wiring.ts';

export interface HostOptions {
  /** Names are this and a number of at least two digits; default `bare` or `kvm`. */
  readonly prefix?: string;
  /** The hosts' names, instead of numbered ones. */
  readonly names?: readonly string[];
  /** Data links, the same for all, or for the n-th host (from 0). */
  readonly nics?: Nics | ((n: number) => Nics);
}

/** Adds hosts to a lab and waits until they can be logged in to. */
export async function startHosts(
  lab: LabHandle,
  kind: HostKind,
  count: number,
  options: HostOptions,
  log: (line: string) => void,
): Promise<readonly HostRecord[]> {
  if (count < 1) return [];
  const base = await ensureBase(log);
  const records = await allot(lab.dir, kind, count, options);
  try {
    for (const record of records) {
      await writeWiring(join(lab.dir, 'hosts', record.name), record);
      await writeHostFiles(join(lab.dir, 'hosts', record.name), record);
    }
    await makeSegments(lab, records);
    await (kind === 'bare' ? startBare(lab, base, records) : startSystemd(lab, base, records));
    await withLock(join(lab.dir, 'client-files.lock'), async () => await writeClientFiles(lab));
    return records;
  } catch (error) {
    for (const record of records) await new Host(lab, record).remove().catch(() => {});
    throw error;
  }
}

/** Gives names and numbers, so that nobody else takes them meanwhile. */
async function allot(dir: string, kind: HostKind, count: number, options: HostOptions): Promise<readonly HostRecord[]> {
  const { prefix = kind === 'bare' ? 'bare' : 'kvm', names, nics = {} } = options;
  if (names !== undefined && names.length !== count) throw new Error(`${count} hosts, but ${names.length} names`);
  let records: HostRecord[] = [];
  await updateState(dir, (state) => {
    const taken = new Set(state.hosts.map((h) => h.name));
    let number = 0;
    const nextName = (): string => {
      do number++;
      while (taken.has(numbered(prefix, number)));
      return numbered(prefix, number);
    };
    records = Array.from({ length: count }, (_, n) => ({
      name: checkName(names?.[n] ?? nextName(), taken),
      kind,
      index: state.nextIndex + n,
      address: addressOf(state.nextIndex + n),
      address6: address6Of(state.nextIndex + n),
      nics: typeof nics === 'function' ? nics(n) : nics,
    }));
    return { ...state, nextIndex: state.nextIndex + count, hosts: [...state.hosts, ...records] };
  });
  return records;
}

const numbered = (prefix: string, number: number): string => `${prefix}${`${number}`.padStart(2, '0')}`;

function checkName(name: string, taken: Set<string>): string {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || name === 'switch') throw new Error(`not a name for a lab host: ${name}`);
  if (taken.has(name)) throw new Error(`the lab has a host ${name} already`);
  taken.add(name);
  return name;
}

async function makeSegments(lab: LabHandle, records: readonly HostRecord[]): Promise<void> {
  const segments = new Set(records.flatMap((r) => Object.values(r.nics).map((nic) => nic.segment)));
  segments.delete('none');
  for (const segment of segments) {
    if (!/^[a-z0-9-]{1,12}$/.test(segment))
      throw new Error(`not a name for a segment (at most 12 characters): ${segment}`);
    const link = `s-${segment}`;
    await lab.inside([
      'sh',
      '-c',
      'ip -n switch link show "$1" >/dev/null 2>&1 || ip -n switch link add "$1" up mtu 9216 type bridge mcast_snooping 0',
      'sh',
      link,
    ]);
  }
}

async function startBare(lab: LabHandle, base: string, records: readonly HostRecord[]): Promise<void> {
  const size = Math.ceil(records.length / availableParallelism());
  const shares = Array.from({ length: Math.ceil(records.length / size) }, (_, i) =>
    records.slice(i * size, (i + 1) * size),
  );
  const script = join(here, 'sh/start-bare.sh');
  await Promise.all(
    shares.map(
      async (share) => await lab.inside(['sh', script, lab.dir, base, ...share.map((r) => r.name)], { timeout: 600 }),
    ),
  );
  const waiting = new Set(records.map((r) => r.name));
  await until(`sshd on ${[...waiting].join(', ')}${tail(lab, records)}`, 60 + records.length, () => {
    for (const name of waiting) if (isListening(lab, name)) waiting.delete(name);
    return waiting.size === 0 || undefined;
  });
}

/** sshd writes its pid once it listens. */
function isListening(lab: LabHandle, name: string): boolean {
  const file = join(lab.dir, 'hosts', name, 'pid');
  return existsSync(file) && existsSync(`/proc/${readFileSync(file, 'utf8').trim()}/root/run/sshd.pid`);
}

async function startSystemd(lab: LabHandle, base: string, records: readonly HostRecord[]): Promise<void> {
  const start = 'setsid sh "$1" "$2" "$3" "$4" > "$2/hosts/$4/log" 2>&1 < /dev/null &';
  for (const { name } of records) {
    await rm(join(lab.dir, 'hosts', name, 'log'), { force: true });
    await lab.inside(['sh', '-c', start, 'sh', join(here, 'sh/systemd-host.sh'), lab.dir, base, name]);
  }
  const timeout = 30 + 5 * records.length;
  await Promise.all(
    records.map(async (record) => {
      const host = new Host(lab, record);
      // On a loaded machine a systemd now and then stands still while it boots, for a reason not found yet: the power button.
      await host.waitUp({ timeout }).catch(async () => {
        console.warn(`${record.name} did not come up within ${timeout} s, it is started again`);
        await host.crash();
      });
    }),
  );
}

const tail = (lab: LabHandle, records: readonly HostRecord[]): string =>
  records.length === 1 && records[0] !== undefined ? `, see ${join(lab.dir, 'hosts', records[0].name, 'log')}` : '';
