import { refuse, type ActionHost, type ActionResult } from '../../src/sdk/index.ts';
import { look } from './look.ts';
import type { Service } from './params.ts';
import { readState, wantState, type State } from './state.ts';
import { daemonReload, serviceSteps, startStep } from './steps.ts';

/** What is no state: a restart, a reload, and a daemon-reload for no unit in particular. */
export async function restart(p: Service, host: ActionHost): Promise<ActionResult> {
  if (p.name === undefined) {
    if (host.check) return { changed: true, text: 'would have systemd read its unit files' };
    await host.apply([daemonReload]);
    return { changed: true };
  }
  const probe = look(p);
  const [answer] = await host.run([probe.run]);
  if (answer === undefined) throw new Error('the engine gave no result for a command');
  const seen = probe.parse(answer);
  const now = readState(seen, p);
  const want = wantState(p, now, seen);
  const verb =
    p.state === 'reloaded' && now.active === 'active' ? 'reload' : now.active === 'active' ? 'restart' : 'start';
  if (verb === 'reload' && seen.properties['CanReload'] === 'no') {
    throw refuse(`${now.unit} cannot reload its configuration while it runs`, 'state: restarted');
  }
  const after: State = {
    ...now,
    enabled: want.enabled ?? now.enabled,
    masked: want.masked ?? now.masked,
    stale: want.stale ?? now.stale,
  };
  const changes = (['enabled', 'masked'] as const).flatMap((path) =>
    now[path] === after[path] ? [] : [{ path, from: now[path], to: after[path] }],
  );
  const data = { name: p.name, unit: now.unit, was: now.active };
  if (host.check) return { changed: true, text: `would ${verb} ${now.unit}`, changes, data };
  const fresh = now.stale && !p.daemon_reload ? [daemonReload] : [];
  await host.apply([...serviceSteps(now, after, p), ...fresh, startStep(verb, now, p)]);
  return { changed: true, text: `${done[verb]} ${now.unit}`, changes, data };
}

const done = { start: 'started', restart: 'restarted', reload: 'reloaded' } as const;
