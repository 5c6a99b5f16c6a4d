import { z } from 'zod';
import { defineAction, sh, type ProbeCommand } from '../../src/sdk/index.ts';

export const ping = defineAction({
  name: 'ping',
  summary: 'Shows that a host can be logged in to and runs commands',
  params: z.strictObject({ data: z.string().default('pong').describe('what to answer') }),
  effect: 'none',
  examples: [
    { title: 'Are they there?', params: {} },
    { title: 'Another answer', params: { data: 'here' } },
  ],
  looks: (p) => [echo(p.data)],
  run: async (p, host) => {
    const [answer] = await host.look([echo(p.data)]);
    if (answer?.stdout === p.data && answer.code === 0) return { changed: false, text: p.data, data: { ping: p.data } };
    return {
      changed: false,
      failed: true,
      message: `the shell of the host answered ${JSON.stringify(answer?.stdout)}`,
    };
  },
});

const echo = (data: string): ProbeCommand => ({ script: sh`printf %s "$1"`, args: [data] });
