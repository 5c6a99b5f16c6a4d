import { z } from 'zod';
import { hostPath, ipAddress, port, seconds, words } from '../../src/sdk/index.ts';
import { toEre } from './ere.ts';
import type { Goal } from './poll.ts';
import { connectionStates } from './sockets.ts';

const expression = z
  .string()
  .min(1)
  .superRefine((pattern, ctx) => {
    const result = toEre(pattern);
    if ('problem' in result) ctx.addIssue({ code: 'custom', message: result.problem });
  });

export const WaitFor = z
  .strictObject({
    port: port().optional().describe('TCP port to wait for'),
    host: z
      .string()
      .regex(/^(?!-)[A-Za-z0-9_.:-]+$/, { error: 'expected a host name or an address' })
      .default('127.0.0.1')
      .describe('where that port is, as the managed host sees it'),
    path: hostPath().optional().describe('file on the host to wait for, in place of a port'),
    search_regex: expression
      .optional()
      .describe('what must stand in the file, or come from the port after connecting: an extended regular expression'),
    state: z
      .enum(['started', 'present', 'stopped', 'absent', 'drained'])
      .default('started')
      .describe(
        'started, present: the port is open, the file there; stopped, absent: not; drained: no connection to the port is left',
      ),
    delay: seconds().default(0).describe('seconds before the first look'),
    timeout: seconds().default(300).describe('seconds until it fails'),
    sleep: seconds().default(1).describe('seconds between two looks'),
    connect_timeout: seconds().default(5).describe('seconds for one attempt to connect'),
    msg: z.string().optional().describe('what to say when it fails'),
    active_connection_states: z
      .array(z.enum(connectionStates))
      .default(['ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'SYN_RECV', 'SYN_SENT', 'TIME_WAIT'])
      .describe('with drained: states of TCP connections that are waited for'),
    exclude_hosts: z
      .union([words(), z.array(ipAddress())])
      .pipe(z.array(ipAddress()))
      .default([])
      .describe('with drained: addresses whose connections do not count'),
  })
  .superRefine((p, ctx) => {
    const problem = combinationProblem(p);
    if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
  });
export type WaitFor = z.output<typeof WaitFor>;

function combinationProblem(p: WaitFor): string | undefined {
  if (p.port !== undefined && p.path !== undefined) return 'give port or path, not both';
  if (p.search_regex !== undefined && p.port === undefined && p.path === undefined)
    return 'search_regex goes with port or path';
  if (p.state !== 'drained') return p.exclude_hosts.length > 0 ? 'exclude_hosts goes with state: drained' : undefined;
  return p.port === undefined ? 'state: drained goes with port' : undefined;
}

/** Undefined: nothing but time. */
export function goalOf(p: WaitFor): Goal | undefined {
  const regex = p.search_regex === undefined ? undefined : toEre(p.search_regex);
  const says = regex !== undefined && 'ere' in regex ? regex.ere : undefined;
  const wanted = p.state === 'started' || p.state === 'present';
  if (p.path !== undefined) return { kind: wanted ? 'there' : 'gone', path: p.path, says };
  if (p.port === undefined) return undefined;
  const kind = p.state === 'drained' ? 'drained' : wanted ? 'open' : 'closed';
  const { host, port, active_connection_states: states, exclude_hosts: exclude } = p;
  return { kind, host, port, says, states, exclude };
}
