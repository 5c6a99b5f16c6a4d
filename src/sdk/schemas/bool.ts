import { z } from 'zod';

const yes = ['yes', 'true', 'on'] as const;
const no = ['no', 'false', 'off'] as const;

const spellings = <W extends string>(words: readonly W[]) =>
  words.flatMap((word) => [word, capital(word), word.toUpperCase() as Uppercase<W>] as const);
const capital = <W extends string>(word: W): Capitalize<W> =>
  `${word.charAt(0).toUpperCase()}${word.slice(1)}` as Capitalize<W>;

const truths: ReadonlySet<unknown> = new Set(spellings(yes));

/**
 * A switch. YAML 1.2 reads `yes`, `no`, `on` and `off` as strings and templates give `True`: all of them are taken, as
 * YAML 1.1 spells them. Gives a boolean.
 */
export const bool = () =>
  z
    .union([z.boolean(), z.enum([...spellings(yes), ...spellings(no)])], { error: 'expected yes or no' })
    .transform((value) => value === true || truths.has(value));
