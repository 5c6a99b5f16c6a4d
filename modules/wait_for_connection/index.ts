import { z } from 'zod';
import { defineAction, reconnect, seconds, sh, sleep } from '../../src/sdk/index.ts';

const WaitForConnection = z.strictObject({
  delay: seconds().default(0).describe('seconds before the first attempt'),
  timeout: seconds().default(600).describe('seconds until it fails'),
  sleep: seconds().default(1).describe('seconds between two attempts'),
  connect_timeout: seconds().default(5).describe('seconds for one attempt; longer where `kvmnet_connect_timeout` is'),
});

export const waitForConnection = defineAction({
  name: 'wait_for_connection',
  summary: 'Waits until the host can be logged in to anew and runs commands',
  params: WaitForConnection,
  effect: 'none',
  inCheckMode: 'it is skipped',
  examples: [
    { title: 'A host that is being installed', params: { timeout: 1800, sleep: 5 } },
    { title: 'Again, after something that cut the connection', params: {} },
  ],
  run: async (p, host) => {
    if (host.check) return { changed: false, skipped: true, message: 'not waited for in check mode' };
    const started = performance.now();
    await sleep(p.delay, host);
    const seen = await reconnect(host, {
      timeout: p.timeout,
      connectTimeout: Math.max(1, p.connect_timeout),
      pause: [p.sleep, p.sleep],
      what: 'waiting for a connection',
      check: async () => {
        const [answer] = await host.run([{ script: sh`:`, args: [] }], { timeout: p.connect_timeout + 10 });
        return answer?.code === 0 ? undefined : 'its shell does not answer';
      },
    });
    const data = { elapsed: Math.round((performance.now() - started) / 1000) };
    if (seen === undefined) return { changed: false, data };
    return { changed: false, failed: true, message: `no connection within ${p.timeout} s: ${seen}`, data };
  },
});
