import { z } from 'zod';
import { defineAction, launchParams, runProgram, splitProblem, splitWords } from '../../src/sdk/index.ts';

const Command = z
  .strictObject({
    cmd: z
      .string()
      .optional()
      .describe('the command line, split into words as sh does: quotes count, `$` and `*` do not'),
    argv: z.array(z.coerce.string()).min(1).optional().describe('the words of the command, in place of cmd'),
    ...launchParams,
  })
  .superRefine((p, ctx) => {
    if ((p.cmd === undefined) === (p.argv === undefined)) {
      ctx.addIssue({ code: 'custom', message: 'give either cmd or argv' });
    } else if (p.cmd !== undefined && p.cmd.trim() === '') {
      ctx.addIssue({ code: 'custom', path: ['cmd'], message: 'the command is empty' });
    } else if (p.cmd !== undefined) {
      const problem = splitProblem(p.cmd);
      if (problem !== undefined) ctx.addIssue({ code: 'custom', path: ['cmd'], message: problem });
    }
  });

/** Words that only a shell would understand. */
const shellWords = new Set(['|', '||', '&&', ';', '&', '>', '>>', '<', '2>', '2>&1', '>/dev/null']);

export const command = defineAction({
  name: 'command',
  summary: 'Runs a program, without a shell',
  params: Command,
  shortForm: 'cmd',
  inCheckMode: 'it says that it would run; of the host it asks only what creates and removes need',
  examples: [
    { title: 'The running kernel', params: { cmd: 'uname -r' } },
    {
      title: 'Only once',
      params: {
        argv: ['ovsdb-tool', 'create', 'lab.db', '/usr/share/openvswitch/vswitch.ovsschema'],
        creates: 'lab.db',
        chdir: '/etc/openvswitch',
      },
    },
  ],
  effect: 'change',
  run: async (p, host) => {
    const argv = p.argv ?? splitWords(p.cmd ?? '');
    const odd = p.cmd === undefined ? [] : argv.filter((word) => shellWords.has(word));
    const result = await runProgram({ kind: 'argv', argv }, argv, p, host);
    if (odd.length === 0) return result;
    return {
      ...result,
      warnings: [`${odd.join(' ')} is given to ${argv[0]} as it is: use the module shell for shell syntax`],
    };
  },
});
