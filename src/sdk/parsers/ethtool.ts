import { z } from 'zod';
import type { ProbeOutput } from '../probe.ts';
import { readJson, toolText } from './tool-output.ts';

/** A setting with its limit; null: the device does not have it. */
export interface EthtoolPair {
  readonly current: number | null;
  readonly max: number | null;
}

/** What ethtool says of a device that does not have the feature: no error, no settings. */
export const notSupported = (output: ProbeOutput): boolean =>
  output.code !== 0 && output.code !== 127 && /not supported|No such device|no device matches/i.test(output.stderr);

/** Reads `ethtool -l` (channels) or `-g` (rings), text or JSON; keys as printed, lower case: `combined`, `rx`, `rx mini`. */
export function parseEthtoolPairs(output: ProbeOutput, command: string): ReadonlyMap<string, EthtoolPair> {
  if (notSupported(output)) return new Map();
  const text = toolText(output, command);
  return text.trimStart().startsWith('[') ? jsonPairs(text, command) : textPairs(text);
}

const Numbers = z.array(z.record(z.string(), z.json()));

function jsonPairs(text: string, command: string): ReadonlyMap<string, EthtoolPair> {
  const [device = {}] = readJson(text, command, Numbers);
  const pairs = new Map<string, EthtoolPair>();
  for (const [key, value] of Object.entries(device)) {
    if (typeof value !== 'number' || key.endsWith('-max')) continue;
    const max = device[`${key}-max`];
    pairs.set(key.replaceAll('-', ' '), { current: value, max: typeof max === 'number' ? max : null });
  }
  return pairs;
}

function textPairs(text: string): ReadonlyMap<string, EthtoolPair> {
  const [maximums = '', current = ''] = text.split(/^Current hardware settings:$/m);
  const max = numbersOf(maximums);
  return new Map([...numbersOf(current)].map(([key, value]) => [key, { current: value, max: max.get(key) ?? null }]));
}

const numbersOf = (text: string): ReadonlyMap<string, number | null> =>
  new Map(
    [...text.matchAll(/^([A-Za-z][^:\n]*):[ \t]+(\d+|n\/a|on|off)\s*$/gm)].flatMap(
      ([, key = '', value = '']): [string, number | null][] => [
        [key.toLowerCase(), /^\d+$/.test(value) ? Number(value) : null],
      ],
    ),
  );

export interface EthtoolFeature {
  readonly on: boolean;
  /** The driver does not let it change. */
  readonly fixed: boolean;
}

const RawFeatures = z.array(
  z.record(z.string(), z.union([z.object({ active: z.boolean(), fixed: z.boolean().nullable() }), z.string()])),
);

/** Reads `ethtool -k`, text or JSON. */
export function parseEthtoolFeatures(output: ProbeOutput): ReadonlyMap<string, EthtoolFeature> {
  if (notSupported(output)) return new Map();
  const text = toolText(output, 'ethtool -k');
  if (text.trimStart().startsWith('[')) {
    const [device = {}] = readJson(text, 'ethtool --json -k', RawFeatures);
    return new Map(
      Object.entries(device).flatMap(([name, feature]): [string, EthtoolFeature][] =>
        typeof feature === 'string' ? [] : [[name, { on: feature.active, fixed: feature.fixed === true }]],
      ),
    );
  }
  return new Map(
    [...text.matchAll(/^\s*([a-z0-9_-]+): (on|off)( \[fixed\])?/gm)].map(([, name = '', state, fixed]) => [
      name,
      { on: state === 'on', fixed: fixed !== undefined },
    ]),
  );
}

/** Reads `ethtool -c`: numbers by name (`rx-usecs`), and `adaptive-rx`, `adaptive-tx` as 1 or 0. What is `n/a` is left out. */
export function parseEthtoolCoalesce(output: ProbeOutput): ReadonlyMap<string, number> {
  if (notSupported(output)) return new Map();
  const text = toolText(output, 'ethtool -c');
  if (text.trimStart().startsWith('[')) {
    const [device = {}] = readJson(text, 'ethtool --json -c', Numbers);
    return new Map(
      Object.entries(device).flatMap(([key, value]): [string, number][] =>
        typeof value === 'number' || typeof value === 'boolean' ? [[key, Number(value)]] : [],
      ),
    );
  }
  const adaptive = /^Adaptive RX: (\S+)\s+TX: (\S+)/m.exec(text);
  const switches = (['adaptive-rx', 'adaptive-tx'] as const).flatMap((key, i): [string, number][] => {
    const value = adaptive?.[i + 1];
    return value === 'on' || value === 'off' ? [[key, value === 'on' ? 1 : 0]] : [];
  });
  const numbers = [...text.matchAll(/^([a-z-]+):[ \t]+(\d+)\s*$/gm)].map(([, key = '', value]): [string, number] => [
    key,
    Number(value),
  ]);
  return new Map([...switches, ...numbers]);
}
