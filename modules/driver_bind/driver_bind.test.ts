import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { driverBind } from './index.ts';
import { parseSeen, type State } from './read.ts';

describe('parameters', () => {
  it.each(driverBind.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(driverBind.params.safeParse(params).error).toBeUndefined();
  });
  it('become canonical', () => {
    expect(
      driverBind.params.parse({ devices: ['05:0A.1', '05:00.0/03', 'eth0/3'], ids: ['8086:10ED'], driver: 'vfio-pci' }),
    ).toMatchObject({
      devices: ['0000:05:0a.1', '0000:05:00.0/3', 'eth0/3'],
      ids: ['8086:10ed'],
    });
  });
  it.each([
    [{ driver: 'vfio-pci' }, 'give device, devices or ids'],
    [
      { device: 'eth0', driver: 'vfio-pci' },
      '"eth0" is no device: give a PCI address ("05:00.0"), or a virtual function as "eth0/3"; an interface has no name any more once it is bound to vfio-pci',
    ],
    [{ device: '05:00', driver: null }, '"05:00" is no PCI address: write e.g. "0000:05:00.0" or "05:00.0"'],
    [{ device: '05:00.0', driver: 'a/b' }, 'a driver is a name: vfio-pci'],
    [{ device: '05:00.0', driver: 'e1000e', noiommu: true }, 'only vfio-pci asks for an IOMMU'],
    [{ device: '05:00.0', driver: null, uid: 5 }, 'only vfio-pci has groups that somebody can open'],
    [{ ids: ['8086'], driver: null }, 'expected maker and model in hexadecimal, "8086:10ed", as lspci -n prints them'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(driverBind.params, params)).toBe(message);
  });
});

const device = { device: '0000:05:00.0', driver: 'ixgbe', override: null, owner: null, devs: ['eth0'] };
const state = (fields: object): State => ({ devices: [{ ...device, ...fields }], noiommu: null });
const p = driverBind.params.parse({ device: '05:00.0', driver: 'vfio-pci', uid: 7 });

describe('steps', () => {
  const stdins = (from: State | null, to: State) =>
    driverBind.steps(from, to, p).map((step) => ('stdin' in step ? step.stdin : step.kind));
  it.each<[string, State | null, State, unknown[]]>([
    ['nothing', state({}), state({}), []],
    [
      'bind',
      state({}),
      state({ driver: 'vfio-pci', override: 'vfio-pci', owner: '7:0' }),
      ['0000:05:00.0 vfio-pci vfio-pci\n', '0000:05:00.0 7:0\n'],
    ],
    ['undo', state({ driver: 'vfio-pci', override: 'vfio-pci', owner: '7:0' }), state({}), ['0000:05:00.0 ixgbe -\n']],
    ['unbind', state({}), state({ driver: null }), ['0000:05:00.0 - -\n']],
    ['boot', null, state({ driver: 'vfio-pci', override: 'vfio-pci' }), ['0000:05:00.0 vfio-pci vfio-pci\n']],
    ['without an IOMMU', { ...state({}), noiommu: false }, { ...state({}), noiommu: true }, [undefined, 'poke']],
  ])('%s', (_name, from, to, expected) => {
    expect(stdins(from, to)).toEqual(expected.map((item) => item ?? 'exec'));
  });
  it('takes interfaces away', () => {
    expect(driverBind.touches?.(state({}), state({ driver: 'vfio-pci', override: 'vfio-pci' }), p)).toEqual({
      links: ['eth0'],
    });
    expect(driverBind.touches?.(state({}), state({}), p)).toBe('none');
  });
  it('waits at boot for the functions that it binds', () => {
    expect(driverBind.boot?.(driverBind.params.parse({ device: 'eth0/3', driver: 'vfio-pci' }))?.after).toContain(
      'kvmnet-sriov-eth0.service',
    );
  });
});

it('needs ip', () => {
  expect(() => parseSeen({ stdout: '', stderr: '', code: 127, bytes: new Uint8Array() })).toThrow(
    'ip is not installed',
  );
});
