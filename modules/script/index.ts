import { z } from 'zod';
import { defineAction, launchParams, refuse, runProgram, splitProblem, splitWords } from '../../src/sdk/index.ts';

// It travels inside the request, so that it costs no round trip of its own and nothing is left on the host.
const LARGEST = 16 * 1024 * 1024;

const Script = z.strictObject({
  cmd: z
    .string()
    .superRefine((text, ctx) => {
      const problem = text.trim() === '' ? 'the command is empty' : splitProblem(text);
      if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
    })
    .describe('path of a script on the controller (looked up in files/ as well), then its arguments, split as sh does'),
  executable: z
    .string()
    .min(1)
    .optional()
    .describe('program that runs it, with arguments; default: what its first line says'),
  ...launchParams,
});

export const script = defineAction({
  name: 'script',
  summary: 'Runs a script of the controller on the host, and leaves nothing there',
  params: Script,
  shortForm: 'cmd',
  inCheckMode: 'it says that it would run; of the host it asks only what creates and removes need',
  examples: [
    { title: 'With an argument', params: { cmd: 'collect.sh --all' } },
    { title: 'In Python', params: { cmd: 'report.py', executable: '/usr/bin/python3 -u', creates: '/var/log/report' } },
  ],
  effect: 'change',
  precheck: (p, files) => void files.resolve(splitWords(p.cmd)[0] ?? '', 'files'),
  run: async (p, host) => {
    const [path = '', ...args] = splitWords(p.cmd);
    const file = host.files.resolve(path, 'files');
    const content = await host.files.read(file);
    if (content.byteLength > LARGEST) {
      throw refuse(
        `${path} has ${content.byteLength} bytes, more than a script may have (16 MiB)`,
        'use copy, then command',
      );
    }
    const executable = p.executable === undefined ? [] : splitWords(p.executable);
    // Its name on the host is its own, so that messages which start with $0 read well.
    const name = path.replace(/^.*\//, '');
    return runProgram({ kind: 'script', name, content, executable, args }, p.cmd, p, host);
  },
});
