import type { Probe } from '../../sdk/index.ts';
import { probeRequests, parseAll } from '../host/probe-request.ts';
import type { TaskHost } from '../host/task-host.ts';
import type { Reading } from '../resource/reading.ts';
import { asksForChains, crossings, mayCross } from './crossings.ts';
import { chainProbes, pathProbes, sessionPath } from './session-path.ts';
import type { SessionEnds } from './window-scripts.ts';

/** Where a change crosses the path of our session. */
export interface CrossedPath {
  /** In words; never empty. */
  readonly crossings: readonly string[];
  readonly ends: SessionEnds;
}

/**
 * Where the change that a reading asks for crosses the path of our own session; undefined where it does not. Asked of the host
 * only where it is possible at all, in a round trip of its own where that has not travelled before.
 */
export async function crossedPath(reading: Reading, host: TaskHost): Promise<CrossedPath | undefined> {
  if (!host.guard.enabled) return undefined;
  const [touches, steps] = [reading.touches(), reading.steps()];
  if (!mayCross(touches, steps)) return undefined;
  const { facts, ovs } = await ask(pathProbes, host);
  const path = sessionPath(facts, ovs);
  const chains = asksForChains(touches) ? await ask(chainProbes, host) : undefined;
  const passed = path?.client.includes(':') === true ? chains?.ipv6 : chains?.ipv4;
  const found = crossings(touches, steps, path, passed);
  return path === null || found.length === 0 ? undefined : { crossings: found, ends: path };
}

/** What tells the path, for an exchange that goes to the host in any case. */
export const pathScripts = (): readonly string[] => probeRequests(pathProbes, {}).map(({ key }) => key);

async function ask<M extends Readonly<Record<string, Probe<unknown>>>>(
  probes: M,
  host: TaskHost,
): Promise<{ readonly [K in keyof M]: M[K] extends Probe<infer T> ? T : never }> {
  const requests = probeRequests(probes, {});
  const { path } = host.session;
  const id = (key: string): string => `${host.become?.user ?? ''} ${key}`;
  const missing = requests.map(({ key }) => key).filter((key) => !path.has(id(key)) && !host.cache.has(key));
  if (missing.length > 0) await host.exchange({ probes: missing });
  for (const { key } of requests) {
    const output = host.cache.get(key);
    if (output !== undefined) path.set(id(key), output);
  }
  return parseAll(requests, (key) => path.get(id(key))) as {
    readonly [K in keyof M]: M[K] extends Probe<infer T> ? T : never;
  };
}
