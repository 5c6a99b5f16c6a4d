import { describe, expect, it } from 'vitest';
import { defaultMetric, ownRoutes, routeArguments, routeKey, withWords, type OwnRoute } from './own-route.ts';
import { parseRoutes } from './parsers/ip-route.ts';

const read = (...routes: readonly string[]): OwnRoute[] =>
  ownRoutes(
    parseRoutes({
      stdout: `[${routes.map((route) => `{${route},"flags":[]}`).join(',')}]`,
      stderr: '',
      code: 0,
      bytes: Buffer.from(''),
    }),
  );
const four = { family: 4 as const, via: null, metric: 0, table: 'main', source: null };

describe('routes of ours', () => {
  it.each<[string, Partial<OwnRoute> | undefined]>([
    ['"dst":"10.8.0.0/16","gateway":"10.0.0.9"', { via: '10.0.0.9' }],
    ['"dst":"10.8.0.0/16","protocol":"static","metric":50,"scope":"link"', { metric: 50, words: ['proto', 'static'] }],
    ['"dst":"10.8.0.0/16","scope":"link"', { ...four, to: '10.8.0.0/16' }],
    ['"dst":"10.8.0.0/16"', { words: ['scope', 'global'] }],
    ['"dst":"10.8.0.0/16","gateway":"10.0.0.9","scope":"link"', { words: ['scope', 'link'] }],
    ['"type":"local","dst":"10.8.0.0/16","table":"100","scope":"host"', { type: 'local' }],
    ['"type":"local","dst":"10.8.0.0/16","table":"100","scope":"link"', { type: 'local', words: ['scope', 'link'] }],
    ['"dst":"10.8.0.0/16","protocol":"kernel"', undefined],
    ['"dst":"10.8.0.0/16","protocol":"dhcp"', undefined],
    ['"dst":"fd05::/64","type":"unreachable","metric":1024', undefined],
    ['"dst":"fd05::/64","metric":1024,"expires":900', undefined],
    ['"dst":"10.5.0.0/16","encap":"ip","id":5,"dst":"10.0.0.9","gateway":"10.0.0.9"', undefined],
    ['"type":"local","dst":"10.0.0.1","table":"local"', undefined],
    ['"dst":"10.8.0.0/16","nexthops":[{"gateway":"10.0.0.9","dev":"eth0"}]', undefined],
  ])('%s', (route, expected) => {
    expect(read(route)).toEqual(expected === undefined ? [] : [expect.objectContaining(expected)]);
    if (expected !== undefined && !('words' in expected)) expect(read(route)[0]).not.toHaveProperty('words');
  });

  it.each<[string, string, string]>([
    [
      '"dst":"default","gateway":"10.0.0.254","protocol":"static","metrics":[{"mtu":1400}]',
      'route replace default via 10.0.0.254 dev eth0 metric 0 table main proto static mtu 1400',
      'route del default via 10.0.0.254 dev eth0 metric 0 table main',
    ],
    [
      '"dst":"default","gateway":"fd00::1","metric":1024,"pref":"high"',
      'route replace ::/0 via fd00::1 dev eth0 metric 1024 table main pref high',
      'route del ::/0 via fd00::1 dev eth0 metric 1024 table main',
    ],
    [
      '"dst":"10.7.0.0/16","via":{"family":"inet6","host":"fd01::9"},"prefsrc":"10.0.0.1"',
      'route replace 10.7.0.0/16 via inet6 fd01::9 dev eth0 metric 0 table main src 10.0.0.1',
      'route del 10.7.0.0/16 via inet6 fd01::9 dev eth0 metric 0 table main',
    ],
    [
      '"dst":"default","via":{"family":"inet","host":"10.0.0.1"},"metric":5',
      'route replace ::/0 via inet 10.0.0.1 dev eth0 metric 5 table main',
      'route del ::/0 via inet 10.0.0.1 dev eth0 metric 5 table main',
    ],
    [
      '"type":"local","dst":"default","table":"100","tos":"0x10","scope":"host"',
      'route replace local default dev eth0 metric 0 table 100 tos 0x10',
      'route del local default dev eth0 metric 0 table 100 tos 0x10',
    ],
  ])('%s comes and goes as it was', (route, comes, goes) => {
    const [own] = read(route);
    const words = (verb: 'replace' | 'del') => own && routeArguments(verb, 'eth0', own).join(' ');
    expect([words('replace'), words('del')]).toEqual([comes, goes]);
  });

  it('of other sources and services are other entries', () => {
    const keys = read(
      '"dst":"10.8.0.0/16"',
      '"dst":"10.8.0.0/16","tos":"0x10"',
      '"dst":"10.8.0.0/16","metric":1',
      '"dst":"fd03::/64","metric":1024',
      '"dst":"fd03::/64","metric":1024,"from":"fd01::/64"',
    ).map(routeKey);
    expect(new Set(keys).size).toBe(5);
    expect(defaultMetric(6)).toBe(1024);
  });

  it('keep what they have beside where the same is asked for', () => {
    const wanted: OwnRoute = { ...four, to: '10.8.0.0/16', via: '10.0.0.9' };
    const there = read('"dst":"10.8.0.0/16","gateway":"10.0.0.9","protocol":"static"');
    expect(withWords(wanted, there)).toEqual({ ...wanted, words: ['proto', 'static'] });
    expect(withWords({ ...wanted, via: '10.0.0.8' }, there)).toEqual({ ...wanted, via: '10.0.0.8' });
    expect(withWords(wanted, [])).toBe(wanted);
  });
});
