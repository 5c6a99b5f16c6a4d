import { z } from 'zod';
import { bool, defineAction, seconds, sleep, type ActionHost, type ActionResult } from '../../src/sdk/index.ts';

const Pause = z
  .strictObject({
    seconds: seconds().optional().describe('how long to wait, in seconds'),
    minutes: seconds().optional().describe('how long to wait, in minutes'),
    prompt: z
      .string()
      .optional()
      .describe('what to ask the person at the terminal; the answer is registered as user_input'),
    echo: bool().default(true).describe('show what is typed; no for a secret'),
  })
  .refine((p) => p.seconds === undefined || p.minutes === undefined, { error: 'give seconds or minutes, not both' });

export const pause = defineAction({
  name: 'pause',
  summary: 'Waits for some time, or for the person at the terminal; once for all hosts',
  params: Pause,
  where: 'controller',
  runOnce: true,
  effect: 'none',
  inCheckMode: 'it is skipped, and nobody is asked',
  examples: [
    { title: 'A moment', params: { seconds: 3 } },
    { title: 'A question', params: { prompt: 'Is the cable plugged in?' } },
  ],
  run: async (p, host) => {
    const length = p.seconds ?? (p.minutes === undefined ? undefined : p.minutes * 60);
    if (host.check) return { changed: false, skipped: true, message: 'not waited for in check mode' };
    const started = new Date();
    const { warnings, user_input } =
      length === undefined ? await askPerson(p, host) : await wait(length, p.prompt, host);
    const ended = new Date();
    const data = {
      user_input,
      start: started.toISOString(),
      stop: ended.toISOString(),
      delta: Math.round((ended.getTime() - started.getTime()) / 1000),
      echo: p.echo,
    };
    return { changed: false, warnings, data };
  },
});

interface Waited {
  readonly user_input: string;
  readonly warnings?: ActionResult['warnings'];
}

async function askPerson(p: z.output<typeof Pause>, host: ActionHost): Promise<Waited> {
  const answer = await host.ask(p.prompt ?? 'Press Enter to go on', { echo: p.echo });
  if (answer !== undefined) return { user_input: answer };
  return { user_input: '', warnings: ['there is no terminal to ask at: went on without an answer'] };
}

async function wait(length: number, prompt: string | undefined, host: ActionHost): Promise<Waited> {
  host.progress(`${prompt === undefined ? '' : `${prompt}: `}pausing for ${length} s`);
  await sleep(length, host);
  return { user_input: '' };
}
