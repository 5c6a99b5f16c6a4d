import { z } from 'zod';
import { bool, seconds } from '../../src/sdk/index.ts';

export const Service = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9:_.@\\-]*$/, { error: 'expected the name of a service or of a systemd unit' })
      .optional()
      .describe('service, or a systemd unit with its suffix: libvirtd.socket, backup.timer'),
    state: z
      .enum(['started', 'stopped', 'restarted', 'reloaded'])
      .optional()
      .describe('started and stopped do something only where needed; restarted and reloaded always do'),
    enabled: bool().optional().describe('started at boot'),
    masked: bool().optional().describe('made impossible to start; only masked: no takes that back'),
    daemon_reload: bool()
      .default(false)
      .describe(
        'have systemd read changed unit files; where it is about to start one that has changed, it does so anyway',
      ),
    settle: seconds().default(1).describe('seconds for which a service that was started must stay up'),
  })
  .superRefine((p, ctx) => {
    const problem = combinationProblem(p);
    if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
  });
export type Service = z.output<typeof Service>;

function combinationProblem({ name, state, enabled, masked, daemon_reload }: Service): string | undefined {
  const nothing = state === undefined && enabled === undefined && masked === undefined;
  if (name === undefined) return nothing && daemon_reload ? undefined : 'give the name of the service';
  if (nothing && !daemon_reload) return 'say what should be: state, enabled, masked or daemon_reload';
  if (masked === true && (state === 'started' || state === 'restarted' || enabled === true)) {
    return 'a masked service can neither be started nor enabled';
  }
  return undefined;
}

const suffix = /\.(service|socket|timer|target|path|mount|automount|swap|slice|scope|device)$/;

/** The name of the systemd unit. */
export const unitName = (name: string): string => (suffix.test(name) ? name : `${name}.service`);
