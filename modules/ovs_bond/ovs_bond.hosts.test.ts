import { expect, it } from 'vitest';
import { ovsAnswer } from '../../src/sdk/testing/ovs-answer.ts';
import { replay } from '../../src/sdk/testing/recorded.ts';
import { ovsBond } from './index.ts';

type Port = Parameters<typeof ovsAnswer>[0][string]['ports'][string];

const host = (columns: Port['columns'] = {}, eth2: Port['interfaces'][string] = {}, types: readonly string[] = []) => {
  const bond0 = { columns, interfaces: { eth1: { ofport: 1 }, eth2: { ofport: 2, ...eth2 } } };
  return { ovs: { stdout: ovsAnswer({ br0: { ports: { bond0 } } }, types) } };
};
const said = (params: object, outputs: ReturnType<typeof host>) =>
  replay(ovsBond, { params: { bridge: 'br0', name: 'bond0', interfaces: ['eth1', 'eth2'], ...params } }, outputs);

it.each<[string, object, ReturnType<typeof host>, readonly string[], string | undefined, string | undefined]>([
  [
    'members of the kernel, which has no word for them',
    { interfaces: ['eth1', { name: 'eth2', type: 'system' }] },
    host(),
    [],
    undefined,
    undefined,
  ],
  [
    'members of the kernel, by the word for them',
    { interfaces: ['eth1', { name: 'eth2', type: null }] },
    host({}, { type: 'system' }),
    [],
    undefined,
    undefined,
  ],
  [
    'a member of another kind',
    { interfaces: ['eth1', { name: 'eth2', type: 'system' }] },
    host({}, { type: 'tap' }),
    ['interfaces[eth2].type: "tap" -> null'],
    'set Interface eth2 "type=\\"\\""',
    'set Interface eth2 "type=\\"tap\\""',
  ],
  [
    'a delay before a link is used',
    { bond_updelay: null },
    host({ bond_updelay: 200 }),
    ['bond_updelay: 200 -> 0'],
    'set Port bond0 bond_updelay=0',
    'set Port bond0 bond_updelay=200',
  ],
  [
    'a delay before a link is left',
    { bond_downdelay: null },
    host({ bond_downdelay: 200 }),
    ['bond_downdelay: 200 -> 0'],
    'set Port bond0 bond_downdelay=0',
    'set Port bond0 bond_downdelay=200',
  ],
  [
    'some VLANs in place of all',
    { trunks: null },
    host({ trunks: ['set', [5, 6]] }),
    ['trunks: [5,6] -> []'],
    'clear Port bond0 trunks',
    'set Port bond0 "trunks=[5,6]"',
  ],
  [
    'a member that is not there, which nothing but time mends',
    {},
    host({}, { ofport: -1, error: 'could not open network device eth2 (No such device)' }),
    ['error: "eth2: could not open network device eth2 (No such device)" -> null'],
    undefined,
    undefined,
  ],
])('finds %s', (_name, params, outputs, changes, forth, back) => {
  const { changes: found, steps = [], undo = [] } = said(params, outputs);
  const line = (command: string | undefined) =>
    command === undefined ? undefined : `ovs-vsctl --timeout=30 -- ${command}`;
  expect(found).toEqual(changes);
  expect([steps[0], undo[0]]).toEqual([line(forth), line(back)]);
});

it.each([
  ['afxdp', 'it has internal, vxlan'],
  ['dpdk', 'initialise DPDK first: ovs_dpdk: { init: true }'],
])('refuses a type that the host does not know: %s', (type, hint) => {
  const params = { interfaces: ['eth1', { name: 'p2', type }] };
  expect(said(params, host({}, {}, ['internal', 'vxlan']))).toEqual({
    refused: `Open vSwitch on this host has no interfaces of type ${type}`,
    hint,
  });
  // Where it does not say what it knows, it is asked to try.
  expect(said(params, host()).changes).toContainEqual(expect.stringContaining(type));
});
