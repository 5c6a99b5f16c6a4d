import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { ethtool } from './index.ts';

describe('parameters', () => {
  it.each(ethtool.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(ethtool.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{ dev: 'eth0' }, 'give channels, ring, coalesce, features, rps or xps'],
    [{ dev: 'eth0', channels: { combined: 'many' } }, 'expected a whole number, or max'],
    [{ dev: 'eth0', rps: 'all' }, 'expected CPUs ("1-3", "0x0e") or off'],
    [{ dev: 'eth0', features: { gro: 'maybe' } }, 'expected yes or no'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(ethtool.params, params)).toBe(message);
  });
});

describe('what a driver has', () => {
  const pair = (current: number | null, max: number | null) => ({ current, max });
  const none = {
    queues: { rps: [''], xps: [''] },
    channels: new Map(),
    ring: new Map(),
    coalesce: new Map(),
    features: new Map(),
  };
  const want = (params: object, seen: object) => {
    const p = ethtool.params.parse({ dev: 'eno1', ...params });
    return ethtool.want(p, null, { ...none, ...seen });
  };
  it('is as much as it says, or what it has where it does not say', () => {
    const channels = new Map([
      ['combined', pair(4, 8)],
      ['rx', pair(2, null)],
    ]);
    expect(want({ channels: { combined: 'max', rx: 'max', tx: undefined } }, { channels })?.channels).toEqual({
      combined: 8,
      rx: 2,
    });
    expect(want({ channels: { rx: 9 } }, { channels })?.channels).toEqual({ rx: 9 });
    expect(() => want({ channels: { combined: 9 } }, { channels })).toThrow(
      'eno1 has at most 8 for channels.combined, not 9',
    );
  });
  it.each([
    [true, false, 'tcp-segmentation-offload of eno1 is fixed to on by its driver'],
    [false, true, 'tcp-segmentation-offload of eno1 is fixed to off by its driver'],
  ])('is fixed where it is fixed to %s', (on, wanted, message) => {
    const features = new Map([['tcp-segmentation-offload', { on, fixed: true }]]);
    expect(() => want({ features: { tso: wanted } }, { features })).toThrow(message);
    expect(want({ features: { tso: on } }, { features })?.features).toEqual({ 'tcp-segmentation-offload': on });
  });
  it('is set as far as a goal names it, and left alone where there is none', () => {
    const p = ethtool.params.parse({ dev: 'eno1', ring: { rx: 512 } });
    const state = { channels: {}, ring: { rx: 512 }, coalesce: {}, features: {}, rps: '', xps: '' };
    expect(ethtool.steps(state, null, p)).toEqual([]);
    expect(ethtool.steps(null, { ring: { rx: 512 } } as never, p)).toMatchObject([
      { argv: ['ethtool', '-G', 'eno1', 'rx', '512'] },
    ]);
    const coalesce = { 'rx-usecs': 3, 'tx-usecs': 8 };
    const other = { ...state, coalesce: { ...coalesce, 'tx-usecs': 16 } };
    expect(ethtool.steps({ ...state, coalesce }, other, p)).toMatchObject([
      { argv: ['ethtool', '-C', 'eno1', 'tx-usecs', '16'] },
    ]);
    expect(ethtool.touches?.(state, null, p)).toEqual({ links: ['eno1'], effect: 'flap' });
    expect(ethtool.touches?.(null, null, p)).toBe('none');
  });
});

// No device of the sandbox has rings or coalescing: what ethtool would print is written after its source.
describe('rings and coalescing', () => {
  const p = ethtool.params.parse({
    dev: 'eno1',
    ring: { rx: 'max', rx_jumbo: 0 },
    coalesce: { 'adaptive-rx': 'on', 'rx-usecs': 8 },
  });
  const output = (stdout: string) => ({ stdout, stderr: '', code: 0, bytes: Buffer.from(stdout) });
  const probes = ethtool.probes(p);
  const seen = {
    queues: { rps: [''], xps: [''] },
    channels: new Map(),
    ring: probes.ring.parse(
      output(
        'Ring parameters for eno1:\nPre-set maximums:\nRX:\t\t4096\nRX Mini:\tn/a\nRX Jumbo:\t16\nTX:\t\t4096\nCurrent hardware settings:\nRX:\t\t512\nRX Mini:\tn/a\nRX Jumbo:\t0\nTX:\t\t512\n',
      ),
    ),
    coalesce: probes.coalesce.parse(output('Coalesce parameters for eno1:\nAdaptive RX: off  TX: off\nrx-usecs:\t3\n')),
    features: new Map(),
  };
  const now = ethtool.state(seen, p);
  it('are read, wanted and set', () => {
    expect(now).toMatchObject({ ring: { rx: 512, rx_jumbo: 0 }, coalesce: { 'adaptive-rx': 0, 'rx-usecs': 3 } });
    const want = ethtool.want(p, now, seen);
    expect(want).toMatchObject({ ring: { rx: 4096, rx_jumbo: 0 }, coalesce: { 'adaptive-rx': 1, 'rx-usecs': 8 } });
    const to = {
      channels: {},
      features: {},
      rps: '',
      xps: '',
      ring: { rx: 4096, rx_jumbo: 0 },
      coalesce: { 'adaptive-rx': 1, 'rx-usecs': 8 },
    };
    expect(ethtool.steps(now, to, p)).toMatchObject([
      { argv: ['ethtool', '-G', 'eno1', 'rx', '4096'] },
      { argv: ['ethtool', '-C', 'eno1', 'adaptive-rx', 'on', 'rx-usecs', '8'] },
    ]);
    expect(ethtool.touches?.(now, to, p)).toEqual({ links: ['eno1'], effect: 'flap' });
  });
});
