import type { ActionModuleCase } from '../module-case.ts';

export default {
  examples: {
    'Run the notified handlers now': {
      gives: 'ok',
      play: {
        keywords: { handlers: [{ name: 'told', debug: 'the handler' }] },
        before: [{ command: 'true', notify: 'told' }],
        after: [{ debug: 'after it' }],
      },
      follows: [
        { status: 'ok', says: 'the handler' },
        { status: 'ok', says: 'after it' },
      ],
    },
    'Done with this host, without failure': { gives: 'ok', play: { after: [{ debug: 'after it' }] } },
  },
  refuses: [
    { params: { command: 'end_batch' }, says: 'meta: command: end_batch is not offered: use end_play, or end_host for one host' },
    { params: { command: 'flush' }, says: 'meta: command: expected one of flush_handlers, end_host, end_play, clear_host_errors, refresh_facts, reset_connection, noop, not the text "flush"' },
  ],
} satisfies ActionModuleCase;
