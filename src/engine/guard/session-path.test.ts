import { describe, expect, it } from 'vitest';
import type { OvsDatabase } from '../../sdk/index.ts';
import { chainProbes, pathProbes, sessionPath, takesOver, type PathFacts, type SessionPath } from './session-path.ts';

const output = (stdout: string) => ({ stdout, stderr: '', code: 0, bytes: Buffer.from(stdout) });
const read = (...lines: string[]): PathFacts | null => pathProbes.facts.parse(output(`${lines.join('\n')}\n`));
const connection = ['connection 10.0.0.9 10.0.1.1', 'root'];

/** A bridge of Open vSwitch with ports `name` or `name:type:ofport:peer`. */
const bridge = (name: string, ...ports: (string | readonly string[])[]): OvsDatabase['bridges'][number] => ({
  name,
  config: {},
  controllers: [],
  mirrors: [],
  ports: [`${name}:internal`, ...ports].map((port) => ({
    name: String(port),
    config: {},
    interfaces: [port].flat().map((text) => {
      const [own = '', type = '', ofport = '-1', peer = null] = text.split(':');
      return {
        name: own,
        config: { type, options: { peer } },
        ofport: Number(ofport),
        mtu: null,
        error: null,
        macInUse: null,
      };
    }),
  })),
});
const ovs = (...bridges: OvsDatabase['bridges']): OvsDatabase => ({ bridges, interfaceTypes: [] });

describe('the path of our session', () => {
  it('is read from what the host prints', () => {
    const facts = read(
      ...connection,
      'carrier br0',
      'gateway 10.0.1.254',
      'route default dhcp',
      'route 10.0.0.0/16 kernel',
      'lower br0 eth0',
    );
    expect(sessionPath(facts, null)).toEqual({
      client: '10.0.0.9',
      server: '10.0.1.1',
      gateway: '10.0.1.254',
      root: true,
      links: ['br0', 'eth0'],
      route: '10.0.0.0/16',
      protocol: 'kernel',
    });
  });

  it('is none where nobody has logged in', () => {
    expect(sessionPath(read(''), null)).toBeNull();
  });

  it.each<[string, readonly string[], OvsDatabase | null, readonly string[]]>([
    ['one link', ['carrier eth0'], null, ['eth0']],
    ['route back over another one', ['carrier eth1', 'carrier eth0'], null, ['eth1', 'eth0']],
    [
      'a VLAN on a bond',
      ['carrier bond0.10', 'lower bond0.10 bond0', 'lower bond0 eth0', 'lower bond0 eth1'],
      null,
      ['bond0.10', 'bond0', 'eth0', 'eth1'],
    ],
    ['a link in a VRF', ['carrier eth0', 'master eth0 mgmt', 'lower mgmt eth0'], null, ['eth0', 'mgmt']],
    ['all ports of a bridge', ['carrier br0', 'lower br0 eth0', 'lower br0 vnet0'], null, ['br0', 'eth0', 'vnet0']],
    [
      'the port behind which the neighbour is',
      ['carrier br0', 'lower br0 eth0', 'lower br0 vnet0', 'behind eth0'],
      null,
      ['br0', 'eth0'],
    ],
    [
      'the ports of an OVS bridge',
      ['carrier ovs-br0'],
      ovs(bridge('ovs-br0', 'eth0', 'vnet0')),
      ['ovs-br0', 'eth0', 'vnet0'],
    ],
    [
      'of them the one behind which the neighbour is',
      ['carrier ovs-br0', 'ovs-behind ovs-br0 2'],
      ovs(bridge('ovs-br0', 'eth0::2', 'vnet0::3')),
      ['ovs-br0', 'eth0'],
    ],
    [
      'all links of the bond there',
      ['carrier ovs-br0', 'ovs-behind ovs-br0 2'],
      ovs(bridge('ovs-br0', ['eth0::2', 'eth1::4'], 'vnet0::3')),
      ['ovs-br0', 'eth0', 'eth1'],
    ],
    [
      'an internal port of one',
      ['carrier mgmt0', 'ovs-behind br1 2'],
      ovs(bridge('br0', 'eth1::1'), bridge('br1', 'mgmt0:internal:1', 'eth0::2')),
      ['mgmt0', 'br1', 'eth0'],
    ],
    [
      'across patch ports',
      ['carrier br-int', 'ovs-behind br-int 1', 'ovs-behind br-ex 5', 'lower bond0 eth0'],
      ovs(bridge('br-int', 'to-ex:patch:1:to-int'), bridge('br-ex', 'to-int:patch:2:to-ex', 'bond0::5', 'vnet0::6')),
      ['br-int', 'to-ex', 'to-int', 'br-ex', 'bond0', 'eth0'],
    ],
    ['no bridge of others', ['carrier eth0'], ovs(bridge('br0', 'eth1')), ['eth0']],
  ])('goes over %s', (_, lines, database, links) => {
    expect(sessionPath(read(...connection, ...lines), database)?.links.toSorted()).toEqual(links.toSorted());
  });

  it.each([
    ['10.0.0.0/16', true],
    ['10.0.0.0/24', true],
    ['10.0.0.9', true],
    ['10.0.0.9/32', true],
    ['10.0.1.0/24', false],
    ['10.0.0.0/8', false],
    ['default', false],
    ['fd00::/8', false],
    ['somewhere', false],
  ])('that follows 10.0.0.0/16 is taken over by a route to %s: %s', (to, expected) => {
    const path: SessionPath = {
      client: '10.0.0.9',
      server: '10.0.1.1',
      gateway: undefined,
      root: true,
      links: [],
      route: '10.0.0.0/16',
      protocol: '',
    };
    expect(takesOver(to, path)).toBe(expected);
    expect(takesOver('default', { ...path, route: 'default' })).toBe(true);
  });

  it('passes the chains that others jump to', () => {
    const saved = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:mine - [0:0]
:deeper - [0:0]
:other - [0:0]
-A INPUT -p tcp -j mine
-A mine -s 10.0.0.0/8 -g deeper
-A FORWARD -j other
COMMIT
`;
    expect(chainProbes.ipv4.parse(output(saved))).toEqual([
      'filter/INPUT',
      'filter/OUTPUT',
      'filter/PREROUTING',
      'filter/POSTROUTING',
      'filter/mine',
      'filter/deeper',
    ]);
  });
});
