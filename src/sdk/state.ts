/** A value inside a state: JSON, so that it can be compared, shown, stored and sent. */
export type StateValue =
  string | number | boolean | null | readonly StateValue[] | { readonly [key: string]: StateValue };

/**
 * What a resource is, in canonical form: two states of the same thing are deeply equal. Inside it `null` says "not set,
 * the default"; the whole state is {@link absent} where the resource does not exist.
 */
export type StateObject = { readonly [key: string]: StateValue };

/** The state of a resource that does not exist. */
export const absent = null;

/**
 * What should be: a part of a state. A field that is left out (or `undefined`) is left alone, `null` means back to the
 * default. Arrays are given whole; how they are compared says `compare` of the module.
 */
export type Want<S> = S extends readonly StateValue[]
  ? S
  : S extends { readonly [key: string]: StateValue }
    ? { readonly [K in keyof S]?: Want<S[K]> | undefined }
    : S;

/**
 * How a list is compared and laid over another one.
 * - `ordered`: same items in the same order (the default).
 * - `set`: same items, order does not matter.
 * - `subset`: the wanted items must be there; others are left alone.
 * - `{ keyed: 'id' }`: items are objects told apart by that field; same items, order does not matter.
 */
export type ListRule = 'ordered' | 'set' | 'subset' | { readonly keyed: string };

/** One difference between what is and what should be. `path` is written as in a program: `vfs[0].mac`. */
export interface Change {
  readonly path: string;
  readonly from: StateValue;
  readonly to: StateValue;
}
