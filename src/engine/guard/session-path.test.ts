import { describe, expect, it } from 'vitest';
import type { Touches } from '../../sdk/module.ts';
import { crossings, mayCross, sessionPathProbe, type SessionPath } from './session-path.ts';

const path: SessionPath = { client: '10.0.0.9', server: '10.0.1.1', links: ['br0', 'eth0'], route: 'default' };

describe('the path of our session', () => {
  it('is read from what the host prints', () => {
    const stdout = 'connection 10.0.0.9 10.0.1.1\nroute default\nlink br0\nlink eth0\n';
    expect(sessionPathProbe.parse({ stdout, stderr: '', code: 0, bytes: Buffer.from(stdout) })).toEqual(path);
  });

  it('is none where nobody has logged in', () => {
    expect(sessionPathProbe.parse({ stdout: '', stderr: '', code: 0, bytes: Buffer.alloc(0) })).toBeNull();
  });

  it.each<[Touches | 'none', readonly string[]]>([
    ['none', []],
    [{ links: ['eth1'] }, []],
    [{ links: ['eth0', 'eth1'] }, ['interface eth0']],
    [{ addresses: ['10.0.1.1/24'] }, ['address 10.0.1.1/24']],
    [{ addresses: ['10.0.1.2/24'] }, []],
    [{ routes: ['default'] }, ['route default']],
    [{ routes: ['10.9.0.0/16'] }, []],
    [{ chains: ['filter/INPUT'] }, ['chain filter/INPUT']],
    [{ chains: ['filter/FORWARD', 'filter/KVMNET'] }, []],
    [{ links: ['br0'], chains: ['raw/PREROUTING'] }, ['interface br0', 'chain raw/PREROUTING']],
  ])('is crossed by %j: %j', (touches, expected) => {
    expect(crossings(touches, path)).toEqual(expected);
    if (expected.length > 0) expect(mayCross(touches)).toBe(true);
    expect(crossings(touches, null)).toEqual([]);
  });

  it('is not asked for where nothing can cross it', () => {
    expect([undefined, 'none' as const, {}, { links: [] }].map(mayCross)).toEqual([false, false, false, false]);
  });
});
