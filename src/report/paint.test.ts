import { expect, it } from 'vitest';
import { wantsColour } from './paint.ts';

it.each([
  [undefined, true, {}, true],
  [undefined, false, {}, false],
  [undefined, true, { NO_COLOR: '1' }, false],
  [undefined, true, { NO_COLOR: '' }, true],
  [undefined, true, { TERM: 'dumb' }, false],
  [undefined, false, { FORCE_COLOR: '1' }, true],
  [undefined, true, { FORCE_COLOR: '0' }, false],
  [true, false, { NO_COLOR: '1' }, true],
  [false, true, { FORCE_COLOR: '1' }, false],
])('--color %s, terminal %s, %j: %s', (flag, isTTY, env, wanted) => {
  expect(wantsColour(flag, { isTTY }, env)).toBe(wanted);
});
