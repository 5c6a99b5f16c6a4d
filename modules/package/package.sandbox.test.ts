import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apply, read } from '../../src/sdk/testing/apply.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { compileProbe } from '../../src/sdk/compile.ts';
import { localSh } from '../../src/sdk/testing/fake-host.ts';
import { packageModule } from './index.ts';
import { look } from './look.ts';
import { Package } from './params.ts';

// A repository of our own, so that real apt and dpkg can be watched without a network.
const repository = `
mkdir -p /repo
deb() { # name version extra-field
  mkdir -p /build/DEBIAN /build/etc
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: x <x@y>\\nDescription: test\\n%s' "$1" "$2" "$3" >/build/DEBIAN/control
  echo "$2" >/build/etc/$1.conf; echo /etc/$1.conf >/build/DEBIAN/conffiles
  dpkg-deb -b /build /repo/$1_$2.deb >/dev/null; rm -r /build
}
deb kn-one 1.0 ''
deb kn-two 1.0 ''
deb kn-mta 1.0 'Provides: kn-virtual, kn-versioned (= 3)
'
index() {
  for f in /repo/*.deb; do
    dpkg-deb -f $f; printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "\${f##*/}" "$(stat -c %s $f)" "$(sha256sum <$f | cut -d' ' -f1)"
  done >/repo/Packages
}
index
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/preferences.d/* /var/lib/apt/lists/* /etc/apt/apt.conf.d/*
echo 'deb [trusted=yes] copy:/repo ./' >/etc/apt/sources.list
`;
const addVersion = (name: string, version: string): string =>
  `${repository.split('\n').slice(2, 8).join('\n')}\n${repository.split('\n').slice(12, 17).join('\n')}\ndeb ${name} ${version} ''\nindex`;

it.each([['dash'], ['bash'], ['busybox', 'sh']])('reads this machine with %s', (...shell) => {
  const probe = look(Package.parse({ name: 'bash,no-such-package', state: 'latest' }));
  const seen = probe.parse(localSh(shell)(compileProbe(probe.run)));
  expect(seen).toMatchObject({ family: 'debian', manager: 'apt-get' });
  expect(seen.installed['bash']?.version).toMatch(/^5\./);
  expect(seen.installed).not.toHaveProperty('no-such-package');
});

describe('package with real apt', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ setup: repository });
  }, 30_000);
  afterAll(() => sandbox.close());
  const status = (name: string): string =>
    sandbox.look(`dpkg-query -W -f='\${db:Status-Status} \${Version}' ${name} 2>/dev/null || :`);
  const go = (params: object) => apply(packageModule, params, sandbox);

  it('reads the lists, installs, is content, and takes it back', () => {
    const params = { name: 'kn-one,kn-two', update_cache: true };
    const first = go(params);
    expect(first.left).toEqual([]);
    expect(first.changes.map(({ path }) => path)).toContain('lists');
    expect([status('kn-one'), status('kn-two')]).toEqual(['installed 1.0', 'installed 1.0']);
    expect(go(params)).toMatchObject({ changes: [], steps: [] });
    first.undo();
    // What is left of it is configuration: that is not installed.
    expect(status('kn-one')).toBe('config-files 1.0');
    expect(read(packageModule, { name: 'kn-one' }, sandbox).changes).toHaveLength(1);
  }, 60_000);

  it('finds what another package provides', () => {
    expect(go({ name: 'kn-mta' }).left).toEqual([]);
    expect(go({ name: 'kn-virtual' }).changes).toEqual([]);
    expect(go({ name: 'kn-versioned' }).changes).toEqual([]);
    expect(go({ name: 'kn-virtual', state: 'absent' }).changes).toEqual([]);
    expect(go({ name: 'kn-mta', state: 'absent' }).left).toEqual([]);
    expect(status('kn-mta')).toBe('config-files 1.0');
  }, 60_000);

  it('goes to the newest version, to a certain one, and back; changed configuration stays', () => {
    expect(go({ name: 'kn-one' }).left).toEqual([]);
    sandbox.look(`echo mine >/etc/kn-one.conf; ${addVersion('kn-one', '2.0')}`);
    // The lists do not know it yet.
    expect(go({ name: 'kn-one', state: 'latest' }).changes).toEqual([]);
    sandbox.look('touch -d "2 hours ago" /var/lib/apt/lists');
    const newest = go({ name: 'kn-one', state: 'latest', update_cache: true });
    expect(newest.left).toEqual([]);
    expect(status('kn-one')).toBe('installed 2.0');
    expect(sandbox.look('cat /etc/kn-one.conf')).toBe('mine\n');
    expect(go({ name: 'kn-one', state: 'latest', update_cache: true }).changes).toEqual([]);
    const old = go({ name: 'kn-one=1.0' });
    expect(old).toMatchObject({ changes: [{ path: 'packages.kn-one.version', from: '2.0', to: '1.0' }], left: [] });
    const again = go({ name: 'kn-one', state: 'latest' });
    expect([again.left, status('kn-one')]).toEqual([[], 'installed 2.0']);
    again.undo();
    expect(status('kn-one')).toBe('installed 1.0');
    expect(go({ name: 'kn-one=1.*' }).changes).toEqual([]);
  }, 90_000);

  it('leaves held packages alone', () => {
    sandbox.look('apt-mark hold kn-one >/dev/null');
    expect(go({ name: 'kn-one', state: 'latest' }).changes).toEqual([]);
    expect(() => go({ name: 'kn-one=2.0' })).toThrow('kn-one is held at 1.0');
    sandbox.look('apt-mark unhold kn-one >/dev/null');
  }, 60_000);

  it('fails with what apt says of a package that nobody has', () => {
    expect(() => go({ name: 'kn-nowhere' })).toThrow('Unable to locate package kn-nowhere');
  }, 60_000);

  it('mends what dpkg was interrupted in', () => {
    sandbox.look('touch /var/lib/dpkg/updates/0001');
    expect(go({ name: 'kn-two' }).left).toEqual([]);
  }, 60_000);

  it('waits for the locks of others', () => {
    sandbox.look(`go() { perl -e 'use Fcntl; open(F, ">>", $ARGV[0]); my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; sleep 3' "$1" >/dev/null 2>&1 & }
go /var/lib/dpkg/lock-frontend; go /var/lib/apt/lists/lock; touch -d "2 hours ago" /var/lib/apt/lists; sleep 0.3`);
    const started = Date.now();
    expect(go({ name: 'kn-mta', update_cache: true, lock_timeout: 60 }).left).toEqual([]);
    expect(Date.now() - started).toBeGreaterThan(2000);
  }, 90_000);

  it('gives up waiting after a while', () => {
    sandbox.look(
      `perl -e 'use Fcntl; open(F, ">>", $ARGV[0]); my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; sleep 6' /var/lib/apt/lists/lock >/dev/null 2>&1 & touch -d "2 hours ago" /var/lib/apt/lists; sleep 0.3`,
    );
    expect(() => go({ update_cache: true, lock_timeout: 1 })).toThrow('Could not get lock');
  }, 60_000);
});
