import { z } from 'zod';
import { bool, hostPath } from '../../src/sdk/index.ts';
import { keyName, keyPath, keyProblem } from './key.ts';

const words: Readonly<Record<string, string>> = { yes: '1', on: '1', true: '1', no: '0', off: '0', false: '0' };

/** A value as the kernel shows it: words with one space between them; yes and no as 1 and 0, which is all it understands. */
export function canonicalValue(value: string): string {
  const tokens = value.trim().split(/\s+/);
  return tokens.map((token) => (/^0x[0-9a-f]+$/i.test(token) ? String(BigInt(token)) : token)).join(' ');
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A number, a text, or the list of words that the kernel separates by tabs. */
const value = z
  .union([scalar, z.array(scalar).min(1)], { error: 'expected a number, a text or a list of them' })
  .superRefine((given, ctx) => {
    const items: readonly unknown[] = Array.isArray(given) ? given : [given];
    for (const item of items) {
      const message = valueProblem(item);
      if (message !== undefined) ctx.addIssue({ code: 'custom', message });
    }
  })
  .transform((given) => canonicalValue((Array.isArray(given) ? given : [given]).map(plain).join(' ')));

function valueProblem(item: unknown): string | undefined {
  if (typeof item === 'number' && !Number.isSafeInteger(item)) {
    return `${item} is no whole number that can be kept exactly: put it in quotes`;
  }
  if (typeof item === 'string' && /[\n\r\0]/.test(item.trim())) return 'a value is one line';
  return undefined;
}

const plain = (item: string | number | boolean): string => {
  const text = String(item).trim();
  return words[text.toLowerCase()] ?? text;
};

const name = z.string().superRefine((given, ctx) => {
  const message = keyProblem(given);
  if (message !== undefined) ctx.addIssue({ code: 'custom', message });
});

export const Sysctl = z
  .strictObject({
    name: name.optional().describe('one key: net.ipv4.ip_forward; for eth0.100 also net.ipv4.conf.eth0/100.forwarding'),
    value: value.optional().describe('its value; several words as text or as a list; yes and no are 1 and 0'),
    settings: z.record(name, value).optional().describe('several keys with their values, in place of name and value'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('absent: not kept in the file; what the kernel holds now stays'),
    file: hostPath().default('/etc/sysctl.d/90-kvmnet.conf').describe('where it is kept for the next boot'),
    apply: bool().default(true).describe('set it in the running kernel as well'),
    ignore_missing: bool()
      .default(false)
      .describe('keep a key that this kernel does not have for the time when it does'),
  })
  .superRefine((p, ctx) => {
    const problem = combinationProblem(p);
    if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
    for (const twice of duplicates(Object.keys(p.settings ?? {}))) {
      ctx.addIssue({ code: 'custom', path: ['settings'], message: `${twice} is set twice, under two spellings` });
    }
  });
export type Sysctl = z.output<typeof Sysctl>;

function combinationProblem({ name, value, settings, state }: Partial<Sysctl>): string | undefined {
  if ((name === undefined) === (settings === undefined)) return 'give either name and value, or settings';
  if (settings !== undefined && value !== undefined) return 'value goes with name: settings have values of their own';
  if (settings !== undefined && Object.keys(settings).length === 0) return 'settings is empty';
  if (name !== undefined && state === 'present' && value === undefined) return `give the value of ${name}`;
  return undefined;
}

const duplicates = (names: readonly string[]): readonly string[] => {
  const keys = names.map((name) => keyName(keyPath(name)));
  return keys.filter((key, i) => keys.indexOf(key) < i);
};

/** What is asked for: canonical key names with their values; null: not to be kept. In the order they were given. */
export function settingsOf(p: Sysctl): ReadonlyMap<string, string | null> {
  const given = Object.entries<string | undefined>(p.settings ?? { [String(p.name)]: p.value });
  const kept = (value: string | undefined): string | null =>
    p.state === 'present' && value !== undefined ? value : null;
  return new Map(given.map(([name, value]) => [keyName(keyPath(name)), kept(value)]));
}
