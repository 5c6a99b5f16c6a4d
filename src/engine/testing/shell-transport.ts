import { spawnSync } from 'node:child_process';
import { copyFileSync, createReadStream, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { KvmnetError } from '../../util/errors.ts';
import type { Connection, ConnectionSpec, Part, PartResult, Transport } from '../../transport/types.ts';

/** What a test can see and do of the pretended hosts. */
export interface ShellTransport extends Transport {
  /** Requests so far, by host: each one the scripts of its parts. */
  readonly requests: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Seconds that each attempt to log in was given, in order; undefined where nothing was said. */
  readonly loginTimes: (number | undefined)[];
  /** Hosts that cannot be reached. */
  readonly down: Set<string>;
  /** Called before each request; what it throws the request rejects with. */
  onRequest: ((host: string, parts: readonly Part[]) => void) | undefined;
  /** Called when a request has been answered. */
  onAnswer: ((host: string, parts: readonly Part[]) => void) | undefined;
  /** Pretends that the host comes up anew: another boot id, and its connections are gone. */
  reboot(host: string): void;
}

/** A transport whose hosts are all this machine: each part of a request is run by `sh`, without a connection. */
export function shellTransport(): ShellTransport {
  const requests = new Map<string, (readonly string[])[]>();
  const boots = new Map<string, number>();
  const boot = (host: string): number => boots.get(host) ?? 1;
  const transport: ShellTransport = {
    requests,
    loginTimes: [],
    down: new Set(),
    onRequest: undefined,
    onAnswer: undefined,
    reboot: (host) => void boots.set(host, boot(host) + 1),
    connect: (spec) => {
      transport.loginTimes.push(spec.connectTimeout);
      return transport.down.has(spec.host)
        ? Promise.reject(new KvmnetError('unreachable', `cannot reach ${spec.address}: refused`, { host: spec.host }))
        : Promise.resolve(connection(spec, requests, transport, boot));
    },
  };
  return transport;
}

function connection(
  spec: ConnectionSpec,
  requests: Map<string, (readonly string[])[]>,
  transport: ShellTransport,
  boot: (host: string) => number,
): Connection {
  const own: (readonly string[])[] = requests.get(spec.host) ?? [];
  requests.set(spec.host, own);
  const before = own.length;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-shell-'));
  let uploads = 0;
  const madeIn = boot(spec.host);
  const bootFile = join(folder, 'boot_id');
  writeFileSync(bootFile, `boot-${madeIn}\n`);
  // A host of its own: with another boot id than the machine's, and all its services up.
  const pretend = (script: string): string =>
    script
      .replaceAll('/proc/sys/kernel/random/boot_id', bootFile)
      .replaceAll(/if \[ -d [^;]*; then systemctl is-system-running[^;]*; else[^;]*; fi/g, 'echo running');
  return {
    spec,
    get closed() {
      return boot(spec.host) !== madeIn;
    },
    get roundTrips() {
      return own.length - before + uploads;
    },
    shell: () => ({
      request: (parts) => {
        own.push(parts.map(({ script }) => script));
        try {
          transport.onRequest?.(spec.host, parts);
        } catch (error) {
          return Promise.reject(error);
        }
        const results = runParts(parts.map((part) => ({ ...part, script: pretend(part.script) })));
        transport.onAnswer?.(spec.host, parts);
        return Promise.resolve(results);
      },
    }),
    async upload(content) {
      uploads += 1;
      const path = join(folder, String(uploads));
      await pipeline(content, createWriteStream(path));
      copyFileSync(path, `${path}.copy`);
      return `${path}.copy`;
    },
    async download(path, sink) {
      await pipeline(createReadStream(path), sink);
    },
    forward: () => Promise.reject(new Error('not in this transport')),
    close: () => {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

function runParts(parts: readonly Part[]): readonly PartResult[] {
  let broken = false;
  let shut = false;
  return parts.map(({ script, when, gate }): PartResult => {
    if (shut || (when === 'ok' && broken))
      return { ran: false, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), code: 0, timedOut: false };
    const { status, stdout, stderr } = spawnSync('sh', {
      input: `(${script}\n) </dev/null`,
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (when === 'ok' && status !== 0) broken = true;
    if (gate === true && status !== 0) shut = true;
    return { ran: true, stdout, stderr, code: status ?? 255, timedOut: false };
  });
}
