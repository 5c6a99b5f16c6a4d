import { describe, expect, it } from 'vitest';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { packageModule } from './index.ts';
import { parseLook, type Look } from './look.ts';
import { namesFor, Package } from './params.ts';
import { versionFits } from './state.ts';

const debian = (installed: Look['installed'] = {}, more: Partial<Look> = {}): Look => ({
  family: 'debian',
  manager: 'apt-get',
  installed,
  candidates: {},
  cacheAge: undefined,
  ...more,
});
const redhat = (installed: Look['installed'] = {}, more: Partial<Look> = {}): Look => ({
  ...debian(installed, more),
  family: 'redhat',
  manager: 'dnf',
});
const v = (version: string, more: object = {}) => ({ version, held: false, ...more });

function plan(params: object, look: Look) {
  const p = Package.parse(params);
  const now = packageModule.state({ look }, p);
  const want = packageModule.want(p, now, { look });
  const after = overlayState(now, want) as typeof now;
  const commands = (steps: ReturnType<typeof packageModule.steps>): string[] =>
    steps.flatMap((step) => {
      if (step.kind === 'exec')
        return [step.argv.filter((word) => !/^-|^D/.test(word) || word === '--allow-downgrades').join(' ')];
      if (step.kind !== 'snippet') return [];
      if (step.script.includes('makecache') || step.args[0] === 'u' || step.args[1] === 'dnf')
        return [step.args.slice(1).join(' ')];
      return step.script.includes('update') && step.args.length === 1 ? ['update'] : [];
    });
  return {
    changes: diffState(now, want),
    forth: commands(packageModule.steps(now, after, p)),
    back: commands(packageModule.steps(after, now, p)),
    warnings: packageModule.warnings?.(p, now, { look }),
  };
}

describe('package parameters', () => {
  it.each([
    ['nginx', [{ name: 'nginx' }]],
    ['a, b=1.2', [{ name: 'a' }, { name: 'b', version: '1.2' }]],
    [
      ['libc6:i386', 'g++'],
      [{ name: 'libc6:i386' }, { name: 'g++' }],
    ],
    ['frr=1:8.4.4-1.1~deb12u1', [{ name: 'frr', version: '1:8.4.4-1.1~deb12u1' }]],
    ['frr=8.*', [{ name: 'frr', version: '8.*' }]],
    [{ debian: 'x', redhat: ['y'] }, [{ name: 'x' }]],
    [{ redhat: ['y'] }, []],
  ])('reads %j', (name, asked) => {
    expect(namesFor(Package.parse({ name }), 'debian')).toEqual(asked);
  });

  it.each([
    [{}, 'give the name of a package'],
    [{ name: [] }, 'no package is named'],
    [{ name: 'a*' }, '"a*" is a pattern: name each package'],
    [
      { name: './x.deb' },
      `"./x.deb" is a file or an address: only packages of the host's repositories are installed by name`,
    ],
    [{ name: 'a>=1' }, '"a>=1" compares versions: write NAME=VERSION, or state: latest'],
    [{ name: '-y' }, '"-y" is no name of a package'],
    [{ name: 'a;id' }, '"a;id" is no name of a package'],
    [{ name: 'a,b,a' }, 'a is named twice'],
    [{ name: 'a=1', state: 'latest' }, 'a version goes with state: present only, not with latest'],
    [{ name: { debain: 'a' } }, 'Unrecognized key: "debain"'],
    [{ name: 4 }, 'expected names of packages, or a map of them: { debian: …, redhat: … }'],
    [{ name: 'a', state: 'installed' }, expect.stringContaining('present')],
  ])('refuses %j', (params, message) => {
    expect(Package.safeParse(params).error?.issues[0]?.message).toEqual(message);
  });
});

describe('what is installed', () => {
  it('is read from dpkg: removed packages with configuration left are not, other packages may provide a name', () => {
    const look = parseLook({
      stdout: [
        'family debian apt-get',
        'pkg nginx amd64 install installed 1.22.1-9',
        'pkg frr amd64 deinstall config-files 8.4.4-1',
        'pkg ovs amd64 hold installed 3.1.0-2',
        'pkg libc6 amd64 install installed 2.36-9',
        'all install installed exim4-daemon-light 4.96-15 mail-transport-agent, default-mta (= 1)',
        'all deinstall config-files postfix 3.7 mail-transport-agent',
        'apt nginx:',
        'apt   Installed: 1.22.1-9',
        'apt   Candidate: 1.22.1-10',
        'apt gone:',
        'apt   Candidate: (none)',
        'age 42',
      ].join('\n'),
    });
    expect(look).toEqual({
      family: 'debian',
      manager: 'apt-get',
      installed: {
        'mail-transport-agent': v('4.96-15', { by: 'exim4-daemon-light' }),
        'default-mta': v('4.96-15', { by: 'exim4-daemon-light' }),
        nginx: v('1.22.1-9'),
        'nginx:amd64': v('1.22.1-9'),
        ovs: v('3.1.0-2', { held: true }),
        'ovs:amd64': v('3.1.0-2', { held: true }),
        libc6: v('2.36-9'),
        'libc6:amd64': v('2.36-9'),
      },
      candidates: { nginx: '1.22.1-10' },
      cacheAge: 42,
    });
  });

  // Written from the documentation of rpm and dnf, not recorded.
  it('is read from rpm', () => {
    const look = parseLook({
      stdout: [
        'family redhat dnf',
        'rpm frr frr 0 8.5.3 4.el9',
        'rpm bind bind 32 9.16.23 1.el9',
        'rpm webserver nginx 0 1.20 1.el9',
        'rpm glibc.i686 glibc 0 2.34 1.el9',
        'upd ',
        'upd frr.x86_64      8.5.4-1.el9      appstream',
      ].join('\n'),
    });
    expect(look).toMatchObject({
      family: 'redhat',
      manager: 'dnf',
      installed: {
        frr: v('8.5.3-4.el9'),
        bind: v('32:9.16.23-1.el9'),
        webserver: v('1.20-1.el9', { by: 'nginx' }),
        'glibc.i686': v('2.34-1.el9'),
      },
      candidates: { frr: '8.5.4-1.el9' },
    });
    expect(look.installed['frr']).not.toHaveProperty('by');
  });

  it.each([
    ['other zypper', 'zypper'],
    ['other none', 'none'],
    ['', 'none'],
  ])('is nothing where the host says %j', (stdout, manager) => {
    expect(parseLook({ stdout })).toMatchObject({ family: undefined, manager, installed: {} });
  });

  it.each([
    ['1.0', '1.0', 'debian', true],
    ['1.0', '1.0-1', 'debian', false],
    ['1.*', '1.0-1', 'debian', true],
    ['1.0', '1.0-1.el9', 'redhat', true],
    ['1.0-1.el9', '32:1.0-1.el9', 'redhat', true],
    ['32:1.0', '32:1.0-1.el9', 'redhat', true],
    ['1.0-2.el9', '1.0-1.el9', 'redhat', false],
    ['9.16*', '32:9.16.23-1', 'redhat', true],
  ] as const)('%s fits %s of %s: %s', (asked, installed, family, fits) => {
    expect(versionFits(asked, installed, family)).toBe(fits);
  });
});

describe('package', () => {
  it('installs what is missing in one transaction, and takes it back', () => {
    const { changes, forth, back } = plan({ name: 'a,b,c' }, debian({ b: v('1') }));
    expect(changes).toEqual([
      { path: 'packages.a.installed', from: false, to: true },
      { path: 'packages.c.installed', from: false, to: true },
    ]);
    expect(forth).toEqual(['apt-get install a c']);
    expect(back).toEqual(['apt-get remove a c']);
  });

  it('is content with what is there, whatever its version and whoever provides it', () => {
    const look = debian({ a: v('1'), mta: v('2', { by: 'exim' }) }, { cacheAge: 999_999 });
    expect(plan({ name: 'a,mta', update_cache: true }, look)).toMatchObject({ changes: [], forth: [] });
  });

  it('removes, and brings back the version that was there', () => {
    const { changes, forth, back } = plan({ name: 'a,b', state: 'absent' }, debian({ a: v('1') }));
    expect(changes).toEqual([
      { path: 'packages.a.installed', from: true, to: false },
      { path: 'packages.a.version', from: '1', to: null },
    ]);
    expect(forth).toEqual(['apt-get remove a']);
    expect(back).toEqual(['apt-get --allow-downgrades install a=1']);
  });

  it('leaves alone who merely provides what is to be absent', () => {
    expect(plan({ name: 'mta', state: 'absent' }, debian({ mta: v('2', { by: 'exim' }) })).forth).toEqual([]);
  });

  it('brings a package to a version, and back', () => {
    const { changes, forth, back } = plan({ name: 'a=2' }, debian({ a: v('1') }));
    expect(changes).toEqual([{ path: 'packages.a.version', from: '1', to: '2' }]);
    expect(forth).toEqual(['apt-get --allow-downgrades install a=2']);
    expect(back).toEqual(['apt-get --allow-downgrades install a=1']);
    expect(plan({ name: 'a=1.*' }, debian({ a: v('1.5') })).changes).toEqual([]);
  });

  it('brings packages to the newest version, and back', () => {
    const look = debian({ a: v('1'), b: v('1') }, { candidates: { a: '2', b: '1' } });
    const { changes, forth, back } = plan({ name: 'a,b', state: 'latest' }, look);
    expect(changes).toEqual([
      { path: 'packages.a.newest', from: false, to: true },
      { path: 'packages.a.version', from: '1', to: '2' },
    ]);
    expect(forth).toEqual(['apt-get --allow-downgrades install a=2']);
    expect(back).toEqual(['apt-get --allow-downgrades install a=1']);
  });

  it('reads old lists anew, and then looks at all that should be newest', () => {
    const look = debian({ a: v('1') }, { candidates: { a: '1' }, cacheAge: 7200 });
    const { changes, forth } = plan({ name: 'a', state: 'latest', update_cache: true }, look);
    expect(changes).toEqual([{ path: 'lists', from: 'old', to: 'fresh' }]);
    expect(forth).toEqual(['update', 'apt-get install a']);
  });

  it.each([
    [{ name: 'a', update_cache: true }, 7200, ['update', 'apt-get install a']],
    [{ name: 'a', update_cache: true }, undefined, ['update', 'apt-get install a']],
    [{ name: 'a', update_cache: true }, 30, ['apt-get install a']],
    [{ name: 'a', update_cache: true, cache_valid_time: 86400 }, 7200, ['apt-get install a']],
    [{ name: 'a', update_cache: true, cache_valid_time: 0 }, 30, ['apt-get install a']],
    [{ name: 'a' }, 7200, ['apt-get install a']],
    [{ update_cache: true }, 7200, ['update']],
    [{ name: 'a', state: 'absent', update_cache: true }, 7200, []],
  ])('%j with lists of %s s', (params, cacheAge, commands) => {
    expect(plan(params, debian({}, { cacheAge })).forth).toEqual(commands);
  });

  it('takes for newest what is not installed at all, once it is', () => {
    const { changes, forth } = plan({ name: 'a', state: 'latest' }, debian({}, { candidates: { a: '2' } }));
    expect(changes).toEqual([
      { path: 'packages.a.installed', from: false, to: true },
      { path: 'packages.a.newest', from: false, to: true },
      { path: 'packages.a.version', from: null, to: '2' },
    ]);
    expect(forth).toEqual(['apt-get --allow-downgrades install a=2']);
  });

  it.each([
    ['lists', true],
    ['packages.a.newest', true],
    ['packages.a.installed', false],
    ['packages.a.version', false],
  ])('does not take back %s: %s', (path, oneWay) => {
    expect(packageModule.oneWay?.(path)).toBe(oneWay);
  });

  it('has nothing to do, or to say, where nothing is known', () => {
    const p = Package.parse({ name: 'a' });
    for (const look of [debian(), redhat()]) {
      const now = packageModule.state({ look }, p);
      expect(packageModule.steps(now, null, p)).toEqual([]);
      expect(packageModule.want(p, null, { look })).toEqual({ packages: { a: { installed: true } } });
    }
    expect(packageModule.steps(null, null, p)).toEqual([]);
    const latest = Package.parse({ name: 'a', state: 'latest' });
    const look = debian({ a: v('1', { held: true }) });
    const now = packageModule.state({ look }, latest);
    expect(packageModule.warnings?.(latest, now, { look })).toHaveLength(1);
    expect(packageModule.warnings?.(latest, null, { look })).toEqual([]);
    expect(packageModule.warnings?.(latest, now, { look: { ...look, family: undefined } })).toEqual([]);
  });

  it('says that an undo does not know the version where the lists are read first', () => {
    const latest = Package.parse({ name: 'a,b', state: 'latest', update_cache: true });
    const look = debian({ a: v('1') }, { candidates: { a: '2', b: '2' }, cacheAge: 7200 });
    expect(packageModule.warnings?.(latest, packageModule.state({ look }, latest), { look })).toContain(
      'the lists are read first: should a become newer, undo does not bring back the old version',
    );
    const fresh = debian({ a: v('1') }, { candidates: { a: '2', b: '2' }, cacheAge: 1 });
    const warnings = packageModule.warnings?.(latest, packageModule.state({ look: fresh }, latest), { look: fresh });
    expect(warnings?.join()).not.toContain('undo does not bring back');
  });

  it('gives the versions that are there', () => {
    const p = Package.parse({ name: 'a,b' });
    const now = packageModule.state({ look: debian({ a: v('1') }) }, p);
    expect(packageModule.returns?.(p, now)).toEqual({ versions: { a: '1', b: null } });
    expect(packageModule.returns?.(p, null)).toEqual({ versions: {} });
  });

  it('waits for the lock, keeps configuration files, and asks no question', () => {
    const p = Package.parse({ name: 'a', lock_timeout: 7 });
    const now = packageModule.state({ look: debian() }, p);
    const steps = packageModule.steps(
      now,
      { ...now, manager: 'apt-get', packages: { a: { installed: true, version: null, newest: null } }, lists: null },
      p,
    );
    expect(steps.at(-1)).toMatchObject({
      kind: 'exec',
      argv: expect.arrayContaining(['DPkg::Lock::Timeout=7', 'Dpkg::Options::=--force-confold']),
      environment: expect.objectContaining({ DEBIAN_FRONTEND: 'noninteractive' }),
    });
  });

  it('speaks dnf on the RHEL family', () => {
    const params = {
      name: { debian: 'openvswitch-switch', redhat: 'openvswitch3.1=3.1.0' },
      enablerepo: 'nfv,extra',
      update_cache: true,
    };
    expect(plan(params, redhat()).forth).toEqual([
      'dnf -q -y --enablerepo=nfv,extra makecache',
      'dnf -q -y --enablerepo=nfv,extra install -- openvswitch3.1-3.1.0',
    ]);
    expect(plan(params, redhat({ 'openvswitch3.1': v('3.1.0-65.el9') })).changes).toEqual([]);
    expect(plan({ name: 'a', state: 'absent' }, redhat({ a: v('1-1') }))).toMatchObject({
      forth: ['dnf -q -y remove -- a'],
      back: ['dnf -q -y install -- a-1-1'],
    });
  });

  it.each<[string, object, Look, object]>([
    [
      'a held package',
      { name: 'a=2' },
      debian({ a: v('1', { held: true }) }),
      { message: 'a is held at 1', hint: 'let it go first: command: apt-mark unhold a' },
    ],
    [
      'to remove a held package',
      { name: 'a', state: 'absent' },
      debian({ a: v('1', { held: true }) }),
      { message: 'a is held at 1' },
    ],
    [
      'another family than the map has',
      { name: { redhat: 'a' } },
      debian(),
      {
        message: 'no package is named for hosts of the debian family',
        hint: 'add them to name: { debian: … }; [] for none',
      },
    ],
    [
      'other package managers',
      { name: 'a' },
      { ...debian(), family: undefined, manager: 'zypper' },
      { message: 'packages of this host are managed by zypper, which is not supported' },
    ],
    [
      'none',
      { name: 'a' },
      { ...debian(), family: undefined, manager: 'none' },
      { code: 'missing', message: 'no package manager is known on this host' },
    ],
  ])('refuses %s', (_, params, look, error) => {
    expect(() => plan(params, look)).toThrow(expect.objectContaining(error));
  });

  it('says what it cannot do, and what happens besides', () => {
    const held = debian({ a: v('1', { held: true }) }, { candidates: { a: '2' } });
    expect(plan({ name: 'a', state: 'latest' }, held)).toMatchObject({
      changes: [],
      warnings: ['a is held at 1 and stays there'],
    });
    const alone = 'undo removes irqbalance, but not the packages that come with it';
    expect(plan({ name: 'irqbalance' }, debian()).warnings).toEqual([
      alone,
      'irqbalance: Debian starts its service as it is installed',
    ]);
    // dnf takes along what nobody else needs.
    expect(plan({ name: 'irqbalance' }, redhat()).warnings).toEqual([]);
    expect(plan({ name: 'a', state: 'absent' }, debian({ a: v('1') })).warnings).toEqual([
      'undo installs a again, but nothing that goes with it',
    ]);
    expect(plan({ name: 'a', state: 'absent' }, debian()).warnings).toEqual([]);
    expect(plan({ name: { debian: [], redhat: 'x' } }, debian()).changes).toEqual([]);
  });
});
