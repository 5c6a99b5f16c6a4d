import { z } from 'zod';
import { defineAction } from '../../src/sdk/index.ts';

const commands = [
  'flush_handlers',
  'end_host',
  'end_play',
  'clear_host_errors',
  'refresh_facts',
  'reset_connection',
  'noop',
] as const;

// Words of Ansible that mean nothing here, with what to do in their place.
const others: Readonly<Record<string, string>> = {
  refresh_inventory: 'the inventory is read once, when kvmnet starts: start it again',
  clear_facts: 'use refresh_facts',
  end_batch: 'use end_play, or end_host for one host',
  end_role: 'put a condition on the tasks of the role',
};

export const meta = defineAction({
  name: 'meta',
  summary: 'Steers the play: runs handlers now, ends a host or the play, forgets facts',
  params: z.strictObject({
    command: z
      .enum(commands, {
        error: ({ input }) => {
          const known = typeof input === 'string' ? others[input] : undefined;
          return known === undefined
            ? `expected one of ${commands.join(', ')}`
            : `${String(input)} is not offered: ${known}`;
        },
      })
      .describe('what to do'),
  }),
  shortForm: 'command',
  where: 'controller',
  effect: 'none',
  examples: [
    { title: 'Run the notified handlers now', params: { command: 'flush_handlers' } },
    { title: 'Done with this host, without failure', params: { command: 'end_host' } },
  ],
  run: async (p, host) => {
    host.play.meta(p.command);
    return { changed: false };
  },
});
