import type { ActionModuleCase } from '../module-case.ts';

const checked = { status: 'skipped', says: 'not waited for in check mode' } as const;

export default {
  examples: {
    'A host that is being installed': {
      setup: 'kill "$(cat /run/sshd.pid)"',
      checked,
      gives: 'ok',
      // Who is there first hangs up.
      meanwhile: 'nc -lN 22 </dev/null >/dev/null; /usr/sbin/sshd -E /var/log/sshd.log',
      does: { look: 'ss -tlnH4 "sport = :22" | wc -l', shows: '1\n' },
    },
    'Again, after something that cut the connection': {
      checked,
      gives: 'ok',
      play: {
        before: [
          { shell: '(sleep 0.5; pkill -x -P "$(cat /run/sshd.pid)" sshd) >/dev/null 2>&1 &' },
          { pause: { seconds: 1 } },
        ],
        after: [{ command: 'echo here' }],
      },
      follows: ['changed'],
    },
  },
  refuses: [{ params: { timeout: -1 }, says: 'wait_for_connection: timeout: expected a number of seconds, 0 or more, not the number -1' }],
} satisfies ActionModuleCase;
