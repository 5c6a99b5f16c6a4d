import { defineAction, missing, sleep, type ActionHost, type ActionResult } from '../../src/sdk/index.ts';
import { goalOf, WaitFor } from './params.ts';
import { NO_TOOL, poll, REACHED, type Goal } from './poll.ts';

// The host looks by itself for so long before it answers: few round trips, and a run that is ended leaves nothing behind.
const SLICE = 30;

export const waitFor = defineAction({
  name: 'wait_for',
  summary: 'Waits for a TCP port, a file, or some time',
  params: WaitFor,
  effect: 'none',
  inCheckMode: 'it looks once, and is skipped where what it waits for is not there',
  examples: [
    { title: 'A service that has just been started', params: { port: 6640, timeout: 60 } },
    { title: 'Another host, as this one sees it', params: { host: '10.0.1.2', port: 179, delay: 5 } },
    { title: 'A line in a log', params: { path: '/var/log/frr/frr.log', search_regex: 'adjacency .* Full' } },
    { title: 'No client left', params: { port: 443, state: 'drained', exclude_hosts: ['10.0.0.9'] } },
  ],
  run: async (p, host) => {
    const goal = goalOf(p);
    const started = performance.now();
    const elapsed = (): number => (performance.now() - started) / 1000;
    if (!host.check) await sleep(goal === undefined ? p.timeout : p.delay, host);
    const reached = goal === undefined || (await wait(goal, p, host, elapsed));
    if (elapsed() >= 1) host.timePassed();
    const data = {
      elapsed: Math.round(elapsed()),
      state: p.state,
      port: p.port,
      path: p.path,
      search_regex: p.search_regex,
    };
    if (reached) return { changed: false, data };
    if (host.check)
      return { changed: false, skipped: true, message: `not waited for in check mode: ${describe(goal)}`, data };
    return {
      changed: false,
      failed: true,
      message: p.msg ?? `not within ${p.timeout} s: ${describe(goal)}`,
      data,
    } satisfies ActionResult;
  },
});

/** @returns whether the goal was reached in time; at least one look is taken, in check mode just one */
async function wait(goal: Goal, p: WaitFor, host: ActionHost, elapsed: () => number): Promise<boolean> {
  for (let first = true; ; first = false) {
    const left = host.check ? 0 : p.timeout - elapsed();
    if (!first && left <= 0) return false;
    if (!first) host.progress(`waiting until ${describe(goal)}: ${Math.round(elapsed())} of ${p.timeout} s`);
    const length = Math.max(0, Math.min(SLICE, left));
    const timeout = length + p.sleep + p.connect_timeout + SLICE;
    const [answer] = await host.run([poll(goal, length, p.sleep, p.connect_timeout)], { timeout });
    if (answer?.code === REACHED) return true;
    if (answer?.code === NO_TOOL) {
      throw missing(
        'no program on the host can make a TCP connection',
        'install bash or nc on it, or wait from another host',
      );
    }
    if (host.check) return false;
  }
}

function describe(goal: Goal): string {
  const says = goal.says === undefined ? '' : ` with /${goal.says}/`;
  switch (goal.kind) {
    case 'open':
      return `port ${goal.port} of ${goal.host} is open${says}`;
    case 'closed':
      return `port ${goal.port} of ${goal.host} is closed`;
    case 'drained':
      return `no connection to port ${goal.port} is left`;
    case 'there':
      return `${goal.path} is there${says}`;
    default:
      return goal.says === undefined ? `${goal.path} is gone` : `${goal.path} is gone, or without /${goal.says}/`;
  }
}
