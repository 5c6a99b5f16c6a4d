import fc from 'fast-check';

/** One resource of a host that is asked for in ever new ways, from whatever state the last way has left it in. */
export interface Slot {
  readonly module: string;
  /** Parameters that a user could write. */
  readonly params: fc.Arbitrary<object>;
}

/** Now and then it should not be there at all. */
export const orAbsent = <T extends object>(present: fc.Arbitrary<T>, absent: object): fc.Arbitrary<object> =>
  fc.oneof({ weight: 6, arbitrary: present }, { weight: 1, arbitrary: fc.constant({ ...absent, state: 'absent' }) });

/** A parameter that is given or left out. */
export const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** A boolean in one of the ways of YAML. */
export const flag = (): fc.Arbitrary<unknown> => fc.constantFrom(true, false, 'yes', 'no', 'on', 'off');

export const chance = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Text with what shells, JSON, OVSDB and templates hold special; one line. */
export const anyText = (options: { readonly min?: number; readonly max?: number } = {}): fc.Arbitrary<string> =>
  fc
    .string({
      unit: fc.oneof(
        fc.constantFrom(...`'"$\`\\;&|<>()*?[]{}#!~=, ab1.-_:/`.split(''), 'ä', '☃', '😀'),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
      minLength: options.min ?? 0,
      maxLength: options.max ?? 20,
    })
    .filter((text) => !/[\0-\x1f\x7f]/.test(text))
    // To YAML it is plain text; to templates this is theirs.
    .filter((text) => !/\{\{|\\\{/.test(text));

export const mac = (): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
    .map((bytes) => ['02', '5A', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':'));

/** Given without those keys that are left out, as a user writes it. */
export const params = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(shape).map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
