import { z } from 'zod';

/** The lines of a journal, as they are written and read. What a later version adds is let through and not looked at. */

const Change = z.object({ path: z.string(), from: z.json(), to: z.json() });

const About = {
  time: z.string(),
  play: z.string(),
  host: z.string(),
  task: z.string(),
  module: z.string(),
  at: z.object({ file: z.string(), line: z.number() }),
  item: z.string().optional(),
  role: z.string().optional(),
  handler: z.literal(true).optional(),
};

/** First line: who has begun what, when, from where. */
export const RunLine = z.object({
  type: z.literal('run'),
  id: z.string(),
  time: z.string(),
  kvmnet: z.string(),
  user: z.string(),
  controller: z.string(),
  pid: z.number(),
  command: z.array(z.string()),
  folder: z.string(),
  inventory: z.array(z.string()),
  playbooks: z.array(z.string()),
  /** The run that this one takes back. */
  undoes: z.string().optional(),
});
export type RunLine = z.output<typeof RunLine>;

/** A change that is about to be made. */
export const IntentLine = z.object({
  type: z.literal('intent'),
  ...About,
  change: z.number().int().positive(),
  changes: z.array(Change),
  undo: z.union([
    z.object({ cannot: z.string() }),
    z.object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.number().int().nonnegative(),
      become: z.object({ user: z.string(), method: z.enum(['sudo', 'su', 'doas']) }).optional(),
      but: z.array(z.string()).optional(),
    }),
  ]),
  noLog: z.literal(true).optional(),
  undoes: z.number().optional(),
});
export type IntentLine = z.output<typeof IntentLine>;

/** How a task has ended on a host. */
export const TaskLine = z.object({
  type: z.literal('task'),
  ...About,
  status: z.enum([
    'ok',
    'changed',
    'would-change',
    'unknown',
    'skipped',
    'failed',
    'unreachable',
    'rescued',
    'ignored',
  ]),
  changes: z.array(Change),
  ms: z.number(),
  delegatedTo: z.string().optional(),
  failure: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  warnings: z.array(z.string()).optional(),
  /** Numbers of the changes that it has begun. */
  begun: z.array(z.number()),
  undoes: z.number().optional(),
});
export type TaskLine = z.output<typeof TaskLine>;

/** Last line: the run has come to its end. */
export const RecapLine = z.object({
  type: z.literal('recap'),
  time: z.string(),
  hosts: z.record(
    z.string(),
    z.object({
      ok: z.number(),
      changed: z.number(),
      would_change: z.number(),
      unknown: z.number(),
      skipped: z.number(),
      failed: z.number(),
      unreachable: z.number(),
      rescued: z.number(),
      ignored: z.number(),
      reboots: z.number(),
      reboot_pending: z.number(),
      round_trips: z.number(),
    }),
  ),
  ms: z.number(),
  pending: z.record(z.string(), z.array(z.object({ task: z.string(), path: z.string(), reason: z.string() }))),
  interrupted: z.literal(true).optional(),
});
export type RecapLine = z.output<typeof RecapLine>;

export const JournalLine = z.discriminatedUnion('type', [RunLine, IntentLine, TaskLine, RecapLine]);
export type JournalLine = z.output<typeof JournalLine>;
