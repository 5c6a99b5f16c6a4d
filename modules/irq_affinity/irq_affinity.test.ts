import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { irqAffinity } from './index.ts';
import { argumentsOf, argumentSteps, withPolicy } from './irqbalance.ts';
import { planQueues } from './plan.ts';
import type { BalanceFiles, Irq } from './read.ts';

describe('parameters', () => {
  it.each(irqAffinity.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(irqAffinity.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{ dev: 'eth0', policy: 'mask' }, 'policy mask needs cpus'],
    [{ dev: 'eth0', policy: 'mask', cpus: '0' }, 'the set of CPUs is empty: name at least one'],
    [{ dev: 'eth0', policy: 'mask', cpus: '1-3' }, '"1-3" is no CPU mask'],
    [{ dev: 'eth0', cpus: [] }, 'the set of CPUs is empty: name at least one'],
    [{ dev: 'eth0', cpus: 'all' }, '"all" is no CPU list: write e.g. "1-3,5" or a mask "0x2e"'],
    [{ dev: 'eth0', cpus: true }, 'CPUs are a list ("1-3,5"), a mask ("0x2e") or an array of numbers'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(irqAffinity.params, params)).toBe(message);
  });
});

const irqs = (...names: string[]): Irq[] =>
  names.map((queue, i) => ({ irq: 40 + i, queue, cpus: [0], effective: undefined }));

describe('plan', () => {
  const p = (params: object) => irqAffinity.params.parse({ dev: 'eth0', ...params });
  it.each([
    [
      ['TxRx-0', 'TxRx-1', 'TxRx-2', 'TxRx-3'],
      [1, 2, 3],
      ['1', '2', '3', '1'],
    ],
    [
      ['input.0', 'output.0', 'input.1', 'output.1'],
      [1, 2],
      ['1', '1', '2', '2'],
    ],
    // Numbers that begin elsewhere, or have holes, still go round.
    [
      ['comp8', 'comp9', 'comp11'],
      [4, 6],
      ['4', '6', '4'],
    ],
    [
      ['rx', 'tx'],
      [1, 2],
      ['1', '2'],
    ],
  ])('%j on %j', (names, cpus, expected) => {
    expect(planQueues(p({}), irqs(...names), cpus).map((item) => item.cpus)).toEqual(expected);
  });
  it('gives all of them to each with policy list', () => {
    expect(planQueues(p({ policy: 'list', cpus: '1-3' }), irqs('a-0', 'a-1'), [1, 2, 3])).toEqual([
      { queue: 'a-0', cpus: '1-3' },
      { queue: 'a-1', cpus: '1-3' },
    ]);
  });
});

describe('irqbalance', () => {
  const files = (text: string | null): BalanceFiles => ({
    path: '/etc/default/irqbalance',
    text,
    script: '',
    marked: false,
  });
  it.each([
    ['IRQBALANCE_ARGS="--debug"\n', '--debug'],
    ["IRQBALANCE_ARGS='--debug'\n", '--debug'],
    ['  export IRQBALANCE_ARGS=--debug\n', '--debug'],
    ['#IRQBALANCE_ARGS=\n', null],
    [null, null],
  ])('reads %j', (text, expected) => {
    expect(argumentsOf(files(text))).toBe(expected);
  });
  it('writes arguments and goes back to the very file', () => {
    for (const text of ['# comment\nIRQBALANCE_ARGS=\nX=1\n', '#IRQBALANCE_ARGS=', '', 'IRQBALANCE_ARGS="--debug"\n']) {
      const args = withPolicy(files(text));
      const [there] = argumentSteps(files(text), args);
      const written = there?.kind === 'write' && typeof there.content === 'string' ? there.content : '';
      expect(argumentsOf(files(written))).toBe(args);
      expect(withPolicy(files(written))).toBe(args);
      const [back] = argumentSteps(files(text), argumentsOf(files(text)));
      expect(back).toMatchObject({ kind: 'write', content: text });
    }
    expect(argumentSteps(files(null), null)).toMatchObject([{ kind: 'remove' }]);
  });
  it('hangs on the device at boot, behind its channels and what brings it up', () => {
    expect(irqAffinity.boot?.(irqAffinity.params.parse({ dev: 'eth0' }))).toMatchObject({
      anchor: { device: 'eth0' },
      after: ['kvmnet-ethtool-eth0.service', 'kvmnet-sriov-eth0.service', 'kvmnet-link-eth0.service'],
    });
  });
});
