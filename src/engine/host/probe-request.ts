import { compileProbe } from '../../sdk/compile.ts';
import type { Probe, ProbeCommand, ProbeMap, ProbeOutput } from '../../sdk/probe.ts';
import { quote } from '../../sdk/quote.ts';

/** A probe as it goes over the wire. Its script, environment included, is its identity. */
export interface ProbeRequest {
  readonly name: string;
  readonly key: string;
  readonly probe: Probe<unknown>;
}

export type Environment = Readonly<Record<string, string>>;

/** `export` lines for a part: inside the script, so that nothing shows in `ps`. */
export const exports = (environment: Environment): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}; `)
    .join('');

export const withEnvironment = (command: ProbeCommand, environment: Environment): string =>
  `${exports(environment)}${compileProbe(command)}`;

export const probeRequests = (probes: ProbeMap, environment: Environment): readonly ProbeRequest[] =>
  Object.entries(probes).map(([name, probe]) => ({ name, key: withEnvironment(probe.run, environment), probe }));

/** Reads the answers with the parsers of the probes. */
export function parseAll(
  requests: readonly ProbeRequest[],
  outputOf: (key: string) => ProbeOutput | undefined,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    requests.map(({ name, key, probe }) => {
      const output = outputOf(key);
      if (output === undefined) throw new Error(`probe ${name} was not read`);
      return [name, probe.parse(output)];
    }),
  );
}
