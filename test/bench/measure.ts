import type { Lab } from '../lab/index.ts';

/** A whole process in the lab, by the clock. @throws where it does not end with 0 */
export async function timed(
  lab: Lab,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly seconds: number; readonly stdout: string }> {
  const started = performance.now();
  const { code, stdout, stderr } = await lab.run(argv, { timeout: 600, env });
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${stdout.slice(-2000)}\n${stderr}`);
  return { seconds: (performance.now() - started) / 1000, stdout };
}

/** The most that any host has taken, of a report in JSON lines. */
export function roundTrips(jsonl: string): number {
  const recap = JSON.parse(jsonl.trimEnd().split('\n').at(-1) ?? '{}') as {
    hosts: Record<string, { round_trips: number }>;
  };
  return Math.max(...Object.values(recap.hosts).map(({ round_trips }) => round_trips));
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export const seconds = (value: number): string => `${value.toFixed(2)} s`;

export const range = (values: readonly number[]): string =>
  `${seconds(Math.min(...values))} to ${seconds(Math.max(...values))}`;
