import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRedactor } from './secrets.ts';

it.each<[string, string[], string, string]>([
  ['a secret', ['s3cret'], 'x s3cret y s3cret', 'x ******** y ********'],
  ['the longer of two', ['pass', 'password'], 'password pass', '******** ********'],
  ['in JSON', ['a"b\nc'], JSON.stringify({ p: 'a"b\nc' }), '{"p":"********"}'],
  ['of several lines', ['-----BEGIN-----\nabcdef\n}\n'], 'got abcdef and }', 'got ******** and }'],
  ['with its line break or without', ['token\n'], 'my token.', 'my ********.'],
  ['signs of regular expressions', ['a.*b'], 'a.*b axxb', '******** axxb'],
  ['of two lines', ['one: abcdef\ntwo: [x'], 'in "two: [x": one: abcdef', 'in "********": ********'],
  ['in a word for a shell', ["it's"], String.raw`echo 'it'\''s'`, `echo '********'`],
  ['an empty secret', ['', ' \n'], 'a b', 'a b'],
])('%s', (_name, secrets, text, expected) => {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  expect(redactor.redact(text)).toBe(expected);
});

it('leaves no secret in any text', () => {
  const secret = fc.string({ minLength: 6 }).filter((text) => text.trim().length >= 6 && !text.includes('*'));
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 4 }),
      fc.string(),
      fc.string(),
      (secrets, before, after) => {
        const redactor = createRedactor();
        for (const each of secrets) redactor.add(each);
        for (const each of secrets) expect(redactor.redact(`${before}${each}${after}`)).not.toContain(each);
      },
    ),
  );
});
