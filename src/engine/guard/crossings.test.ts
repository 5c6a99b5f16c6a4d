import { describe, expect, it } from 'vitest';
import { exec, write, type Step } from '../../sdk/index.ts';
import type { Touches } from '../../sdk/module.ts';
import { asksForChains, crossings, mayCross } from './crossings.ts';
import type { SessionPath } from './session-path.ts';

const path: SessionPath = {
  client: '10.0.0.9',
  server: '10.0.1.1',
  gateway: '10.0.1.254',
  root: true,
  links: ['br0', 'eth0'],
  route: 'default',
  protocol: 'ospf',
};
const six: SessionPath = { ...path, client: 'fd00::9', server: 'fd00::1', gateway: 'fe80::1' };

describe('a change', () => {
  it.each<[Touches | 'none', readonly string[]]>([
    ['none', []],
    [{ links: ['eth1'] }, []],
    [{ links: ['eth0', 'eth1'] }, ['interface eth0']],
    [{ links: ['*'] }, ['every interface']],
    [{ links: ['*'], families: [6] }, []],
    [{ links: ['eth0'], families: [6] }, ['interface eth0']],
    [{ addresses: ['10.0.1.1/24'] }, ['address 10.0.1.1/24']],
    [{ addresses: ['10.0.1.2/24'] }, []],
    [{ addresses: ['10.0.1.254/24', '10.0.0.9'] }, ['address 10.0.1.254/24', 'address 10.0.0.9']],
    [{ routes: ['default'] }, ['route default']],
    [{ routes: ['10.9.0.0/16'] }, []],
    [{ routes: ['10.0.0.0/24'] }, ['route 10.0.0.0/24']],
    [{ chains: ['filter/INPUT'] }, ['chain filter/INPUT']],
    [{ chains: ['filter/INPUT'], families: [4, 6] }, ['chain filter/INPUT']],
    [{ chains: ['filter/INPUT'], families: [6] }, []],
    [{ chains: ['filter/FORWARD', 'filter/KVMNET'] }, []],
    [{ chains: ['filter/mine'] }, ['chain filter/mine']],
    [{ links: ['br0'], chains: ['raw/PREROUTING'] }, ['interface br0', 'chain raw/PREROUTING']],
    [{ services: ['ssh'] }, ['service ssh']],
    [{ protocols: ['ospf', 'zebra'] }, ['routes of ospf']],
    [{ protocols: ['zebra'] }, []],
  ])('that touches %j crosses the path at %j', (touches, expected) => {
    expect(crossings(touches, [], path, ['filter/INPUT', 'filter/mine'])).toEqual(expected);
    if (expected.length > 0) expect(mayCross(touches, [])).toBe(true);
    expect(crossings(touches, [], null)).toEqual([]);
    expect(crossings(touches, [], { ...path, root: false })).toEqual([]);
  });

  it.each<[Touches, readonly string[]]>([
    [{ chains: ['filter/INPUT'], families: [4] }, []],
    [{ chains: ['filter/INPUT'], families: [6] }, ['chain filter/INPUT']],
    [{ addresses: ['fd00::1/64'] }, ['address fd00::1/64']],
  ])('that touches %j crosses that of IPv6 at %j', (touches, expected) => {
    expect(crossings(touches, [], six)).toEqual(expected);
  });

  it.each<[Step, boolean]>([
    [write('/root/.ssh/authorized_keys', ''), true],
    [write('/home/ops/.ssh/authorized_keys', ''), true],
    [write('/etc/sudoers.d/ops', ''), true],
    [{ kind: 'remove', path: '/etc/pam.d/sshd' }, true],
    [write('/etc/nologin', ''), true],
    [exec(['chmod', '--', '0777', '/root/.ssh']), true],
    [exec(['chown', '-h', '--', 'ops:ops', '/root']), true],
    [exec(['mv', '/a', '/home/ops/.ssh/authorized_keys']), true],
    [write('/etc/ssh/site_authorized_keys', ''), true],
    [write('/etc/ssh/authorized_keys.d/ops', ''), true],
    [write('/etc/motd', ''), false],
    [write('/root/.ssh/known_hosts', ''), false],
    [exec(['cat', '/etc/nologin']), false],
    [exec(['chmod', '0777', '/etc/motd']), false],
  ])('that does %j decides who may log in: %s', (step, expected) => {
    const file = 'path' in step ? step.path : step.kind === 'exec' ? step.argv.at(-1) : '';
    expect(crossings('none', [step, step], path)).toEqual(expected ? [`file ${file}`] : []);
    expect(mayCross('none', [step])).toBe(expected);
  });

  it('is no reason to ask where nothing can cross', () => {
    expect((['none', {}, { links: [] }] as const).map((touches) => mayCross(touches, []))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is a reason to ask for chains where one may be jumped to', () => {
    expect(
      ['filter/INPUT', 'filter/FORWARD', 'filter/mine'].map((chain) => asksForChains({ chains: [chain] })),
    ).toEqual([false, false, true]);
  });
});
