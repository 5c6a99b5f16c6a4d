import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/sdk/testing/message-of.ts';
import { link } from './index.ts';
import type { State } from './read.ts';

describe('parameters', () => {
  it.each(link.examples.map((example) => [example.title, example.params]))('example: %s', (_title, params) => {
    expect(link.params.safeParse(params).error).toBeUndefined();
  });
  it.each([
    [{}, 'give name, pci, altname or mac'],
    [{ name: 'eth0', pci: '05:00.0' }, 'give one of name, pci and altname'],
    [{ pci: '05:00.0', state: 'absent' }, 'a PCI device cannot be removed, only virtual links can'],
    [
      { name: 'eth0', mac: '01:00:5e:00:00:01' },
      '"01:00:5e:00:00:01" is a multicast address, an interface needs a unicast one: make the first byte even',
    ],
    [{ name: 'eth0', routes: [{ to: '10.0.0.0/8', via: 'fd00::1' }] }, 'fd00::1 is of another family than 10.0.0.0/8'],
    [{ name: 'eth0', mtu: 10 }, 'expected an MTU in bytes: a whole number from 68 to 65535'],
    [{ name: 'eth0', alias: 'a\nb' }, 'an alias is one line'],
  ])('refuses %j', (params, message) => {
    expect(messageOf(link.params, params)).toBe(message);
  });
});

describe('touches', () => {
  const p = link.params.parse({ name: 'eth0' });
  const route = { to: 'default', family: 4 as const, via: '10.0.0.254', metric: 0, table: 'main', source: null };
  const state: State = {
    name: 'eth0',
    up: true,
    mtu: 1500,
    mac: null,
    master: 'br0',
    alias: null,
    promisc: false,
    addresses: ['10.0.0.1/24'],
    routes: [route],
  };
  it.each<[string, State, unknown]>([
    ['nothing', state, 'none'],
    ['alias', { ...state, alias: 'x' }, 'none'],
    [
      'more addresses',
      { ...state, addresses: ['10.0.0.1/24', '10.0.0.2/24'] },
      { links: [], addresses: ['10.0.0.2/24'], routes: ['10.0.0.0/24'] },
    ],
    ['down', { ...state, up: false }, { links: ['eth0', 'br0'], addresses: [], routes: [], effect: 'cut' }],
    ['another MTU', { ...state, mtu: 9000 }, { links: ['eth0', 'br0'], addresses: [], routes: [] }],
    ['no address', { ...state, addresses: [] }, { links: [], addresses: ['10.0.0.1/24'], routes: [] }],
    [
      'another route',
      { ...state, routes: [{ ...route, via: '10.0.0.253' }] },
      { links: [], addresses: [], routes: ['default'] },
    ],
  ])('%s', (_name, to, expected) => {
    expect(link.touches?.(state, to, p)).toEqual(expected);
  });
});
