import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { driverBind } from './index.ts';
import { parseSeen, type State } from './read.ts';

const card = 'device 0000:05:00.0 0000:05:00.0 driver=ixgbe override= group=40 owner=';
const addressed = (dev: string, scope = 'global'): string =>
  `addresses ${JSON.stringify([{ ifname: dev, addr_info: [{ family: 'inet', local: '10.0.0.1', prefixlen: 24, scope }] }])}`;
const host = (...lines: readonly string[]) => ({ pci: { stdout: [...lines, ''] } });
const said = (params: object, outputs: ReturnType<typeof host>) =>
  replay(driverBind, { params: { device: '05:00.0', driver: 'vfio-pci', ...params } }, outputs);
const net = (master = ''): string => `net 0000:05:00.0 eth0 ${master}`;
const bound = [
  'sh "end() { if l=$(readlink \\"$1\\"); then echo \\"${l##*/}\\"; else echo -; fi; }" < "0000:05:00.0 vfio-pci vfio-pci\\n"',
];

describe('a device', () => {
  it.each<[string, object, ReturnType<typeof host>, string]>([
    [
      'with an address',
      {},
      host(card, net(), 'driver', addressed('eth0')),
      '0000:05:00.0 is in use: eth0 has the address 10.0.0.1/24',
    ],
    [
      'in a bridge',
      {},
      host(card, net('br0'), 'driver', 'addresses []'),
      '0000:05:00.0 is in use: eth0 is a port of br0',
    ],
    [
      'in a bridge, with an address',
      {},
      host(card, net('br0'), 'driver', addressed('eth0')),
      '0000:05:00.0 is in use: eth0 is a port of br0',
    ],
    [
      'whose driver is not known',
      { driver: 'ixgbevfx' },
      host(card, 'addresses []'),
      'this kernel has no driver ixgbevfx',
    ],
  ])('is refused %s', (_name, params, outputs, message) => {
    expect(said(params, outputs).refused).toBe(message);
  });
  it.each<[string, object, ReturnType<typeof host>]>([
    ['with a link-local address', {}, host(card, net(), 'driver', addressed('eth0', 'link'))],
    ['where another has an address', {}, host(card, net(), 'driver', addressed('eth1'))],
    ['in use, by force', { force: true }, host(card, net('br0'), 'driver', 'addresses []')],
    ['of a host that tells no addresses', {}, host(card, net(), 'driver')],
  ])('is bound %s', (_name, params, outputs) => {
    expect(said(params, outputs)).toMatchObject({ steps: bound, touches: { links: ['eth0'] } });
  });
  it('that is to have what the kernel takes, and has no override, keeps its driver', () => {
    expect(said({ driver: null }, host(card, net('br0'), 'driver', 'addresses []'))).toMatchObject({
      state: { devices: [{ driver: 'ixgbe', override: null }] },
      changes: [],
    });
  });
  it('in use that has its driver already is left as it is', () => {
    expect(
      said({ driver: 'ixgbe' }, host(card.replace('override=', 'override=ixgbe'), net('br0'), 'driver', 'addresses []'))
        .changes,
    ).toEqual([]);
  });
});

it.each([
  [['noiommu Y'], true],
  [['noiommu 1'], true],
  [['noiommu N'], false],
  [[], null],
])('reads %j', (lines, noiommu) => {
  expect(
    parseSeen({ stdout: [...lines, 'addresses []'].join('\n'), stderr: '', code: 0, bytes: new Uint8Array() }).noiommu,
  ).toBe(noiommu);
});

it.each(['', '/3', 'eth0/1/2', 'eth0/123456'])('takes %j for no device', (device) => {
  expect(messageOf(driverBind.params, { device, driver: null })).toContain(
    `"${device}" is no device: give a PCI address`,
  );
});

describe('steps and what they touch', () => {
  const p = driverBind.params.parse({ device: '05:00.0', driver: 'vfio-pci' });
  const state: State = {
    devices: [{ device: '0000:05:00.0', driver: 'ixgbe', override: null, owner: null, devs: ['eth0'] }],
    noiommu: true,
  };
  it('to nothing are none', () => {
    expect(driverBind.steps(state, null, p)).toEqual([]);
    expect(driverBind.touches?.(state, null, p)).toBe('none');
  });
  it('from nothing known touch no link that is known', () => {
    expect(driverBind.touches?.(null, state, p)).toBe('none');
  });
  it('take the leave to work without an IOMMU back', () => {
    expect(driverBind.steps(state, { ...state, noiommu: false }, p)).toMatchObject([
      { argv: ['modprobe', 'vfio'] },
      { kind: 'poke', value: '0' },
    ]);
  });
});
