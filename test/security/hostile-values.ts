/** A text inside of parameters, and the way to it. */
export interface Leaf {
  readonly path: readonly (string | number)[];
  readonly value: string;
}

/** All texts and numbers inside of parameters. */
export function leaves(value: unknown, path: readonly (string | number)[] = []): readonly Leaf[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ path, value: String(value) }];
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
}

/** The same parameters with another value in that place. */
export function replaced(params: unknown, { path }: Leaf, value: string): unknown {
  const copy = structuredClone({ params });
  let at = copy as unknown as Record<string | number, unknown>;
  const way = ['params', ...path];
  for (const key of way.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[way.at(-1) ?? ''] = value;
  return copy.params;
}

const kernels = [
  '$(canary)',
  '`canary`',
  ';canary;',
  "';canary;'",
  '";canary;"',
  '\ncanary\n',
  '&canary&',
  '|canary',
  "'$(canary)'",
  '"$(canary)"',
  "\\';canary;\\'",
  '${x:-$(canary)}',
  ')canary;(',
  '}\ncanary\n{',
  '\\047;canary;\\047',
  '%s$(canary)%n',
  '$IFS;canary',
  'ü"$(canary)"ß\u2028',
  '-n$(canary)',
  ' canary',
  'EOF\ncanary\nEOF',
  '$((x[$(canary)]))',
  `${'A'.repeat(4096)}'\`canary\``,
];

/** Values that a shell would make something of: alone, after what was there, in its middle, and as paths. */
export const hostile = (value: string): readonly string[] =>
  kernels.flatMap((kernel) => [
    kernel,
    value + kernel,
    value.slice(0, value.length / 2) + kernel + value.slice(value.length / 2),
    `/tmp/${kernel}`,
    `x${kernel.replaceAll('\n', '')}`,
  ]);

export const dashes = (value: string): readonly string[] => ['-canary', '--canary=1', `-${value}`, '-rf'];

/** Some of a list, the same for the same seed. */
export function choose<T>(list: readonly T[], count: number, seed: number): readonly T[] {
  let state = seed + list.length;
  const rank = new Map(list.map((item) => [item, (state = (state * 48_271 + 11) % 2_147_483_647)]));
  return list.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0)).slice(0, count);
}
