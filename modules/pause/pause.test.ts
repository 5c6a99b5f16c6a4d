import { describe, expect, it } from 'vitest';
import { fakeHost, runAction } from '../../src/sdk/testing/fake-host.ts';
import { pause } from './index.ts';

describe('pause', () => {
  it('waits, and says so', async () => {
    const host = fakeHost();
    const started = performance.now();
    const result = await runAction(pause, { seconds: 0.05, prompt: 'settle' }, host);
    expect(performance.now() - started).toBeGreaterThan(45);
    expect(result).toMatchObject({ changed: false, data: { user_input: '', delta: 0 } });
    expect(host.said).toEqual(['settle: pausing for 0.05 s']);
  });

  it('counts minutes', async () => {
    const host = fakeHost();
    await runAction(pause, { minutes: 0.001 }, host);
    expect(host.said).toEqual(['pausing for 0.06 s']);
  });

  it('ends at once when the run is interrupted', async () => {
    const controller = new AbortController();
    const waiting = runAction(pause, { seconds: 60 }, fakeHost({ signal: controller.signal }));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('asks the person at the terminal', async () => {
    const asked: unknown[] = [];
    const ask = async (...question: unknown[]) => (asked.push(question), 'yes, it is');
    const result = await runAction(pause, { prompt: 'Cable in?', echo: 'no' }, fakeHost({ ask }));
    expect(asked).toEqual([['Cable in?', { echo: false }]]);
    expect(result).toMatchObject({ data: { user_input: 'yes, it is', echo: false } });
  });

  it('goes on, with a warning, where there is no terminal', async () => {
    const result = await runAction(pause, {}, fakeHost());
    expect(result.warnings).toEqual(['there is no terminal to ask at: went on without an answer']);
  });

  it('does not wait in check mode', async () => {
    const result = await runAction(pause, { minutes: 10 }, fakeHost({ check: true }));
    expect(result).toEqual({ changed: false, skipped: true, message: 'not waited for in check mode' });
  });

  it('refuses two lengths', () => {
    expect(pause.params.safeParse({ seconds: 1, minutes: 1 }).error?.issues[0]?.message).toBe(
      'give seconds or minutes, not both',
    );
  });
});
