import { z } from 'zod';
import { defineAction, launchParams, runProgram } from '../../src/sdk/index.ts';

const Shell = z.strictObject({
  cmd: z.string().min(1, { error: 'the command is empty' }).describe('text for the shell, one line or many'),
  executable: z
    .string()
    .min(1)
    .default('/bin/sh')
    .describe('the shell; something that is none (python3) gets the text as a file to run'),
  ...launchParams,
});

export const shell = defineAction({
  name: 'shell',
  summary: 'Runs a command line in a shell',
  params: Shell,
  shortForm: 'cmd',
  inCheckMode: 'it says that it would run; of the host it asks only what creates and removes need',
  examples: [
    { title: 'A pipe', params: { cmd: 'ip -br link | wc -l' } },
    {
      title: 'bash, in a folder, only where needed',
      params: {
        cmd: 'set -o pipefail; ovs-vsctl show | tee show.txt',
        executable: '/bin/bash',
        chdir: '/root',
        creates: 'show.txt',
      },
    },
  ],
  effect: 'change',
  run: (p, host) => runProgram({ kind: 'shell', executable: p.executable, text: p.cmd }, p.cmd, p, host),
});
