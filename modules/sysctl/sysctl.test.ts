import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { keptIn, parseLine, render } from './conf-file.ts';
import { sysctl } from './index.ts';
import { keyName, keyPath, keyProblem } from './key.ts';
import { parseLook, type Look } from './look.ts';
import { settingsOf, Sysctl } from './params.ts';

const FILE = '/etc/sysctl.d/90-kvmnet.conf';
const key = (value: string | null, flags = 'rw') => ({
  readable: flags.includes('r'),
  writable: flags.includes('w'),
  value,
});
const seen = (look: Partial<Look>): { look: Look } => ({
  look: { keys: {}, files: [], modules: [], text: null, ...look },
});

describe('keys', () => {
  it.each([
    ['net.ipv4.ip_forward', 'net/ipv4/ip_forward', 'net.ipv4.ip_forward'],
    ['net/ipv4/ip_forward', 'net/ipv4/ip_forward', 'net.ipv4.ip_forward'],
    ['/proc/sys/net/ipv4/ip_forward', 'net/ipv4/ip_forward', 'net.ipv4.ip_forward'],
    ['net.ipv4.conf.eth0/100.forwarding', 'net/ipv4/conf/eth0.100/forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
    ['net/ipv4/conf/eth0.100/forwarding', 'net/ipv4/conf/eth0.100/forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
    ['net.ipv4.conf.eth0.100.forwarding', 'net/ipv4/conf/eth0.100/forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
    ['net.ipv6.neigh.a.b.c.gc_stale_time', 'net/ipv6/neigh/a.b.c/gc_stale_time', 'net.ipv6.neigh.a/b/c.gc_stale_time'],
    ['net.ipv4.conf.all.rp_filter', 'net/ipv4/conf/all/rp_filter', 'net.ipv4.conf.all.rp_filter'],
  ])('%s is %s', (name, path, canonical) => {
    expect(keyPath(name)).toBe(path);
    expect(keyName(path)).toBe(canonical);
    expect(keyPath(canonical)).toBe(path);
  });

  it.each([
    [
      'net.ipv4.conf.*.rp_filter',
      '"net.ipv4.conf.*.rp_filter" is a pattern: name each key, with a loop over the interfaces',
    ],
    ['kernel', '"kernel" is no name of a kernel parameter: write it as in net.ipv4.ip_forward'],
    ['net..x', '"net..x" is no name of a kernel parameter: write it as in net.ipv4.ip_forward'],
    ['net/../x', '"net/../x" is no name of a kernel parameter: write it as in net.ipv4.ip_forward'],
    ['net.ipv4.ip forward', '"net.ipv4.ip forward" is no name of a kernel parameter'],
    ['net.a;b\n', '"net.a;b\n" is no name of a kernel parameter'],
  ])('refuses %j', (name, problem) => {
    expect(keyProblem(name)).toBe(problem);
  });
});

describe('parameters', () => {
  it.each([
    [1, '1'],
    ['1', '1'],
    [true, '1'],
    ['yes', '1'],
    ['Off', '0'],
    ['0x10', '16'],
    ['4096\t65536  134217728\n', '4096 65536 134217728'],
    [[4096, 65536, 134217728], '4096 65536 134217728'],
    ['bbr', 'bbr'],
    [`|/bin/x '"$(id)\` é %p`, `|/bin/x '"$(id)\` é %p`],
  ])('value %j is %j', (value, expected) => {
    expect(settingsOf(Sysctl.parse({ name: 'net.a', value }))).toEqual(new Map([['net.a', expected]]));
  });

  it('keeps the order of settings, and forgets values where they are absent', () => {
    const settings = { 'net.b': 1, 'net/a': 2 };
    expect([...settingsOf(Sysctl.parse({ settings }))]).toEqual([
      ['net.b', '1'],
      ['net.a', '2'],
    ]);
    expect([...settingsOf(Sysctl.parse({ settings, state: 'absent' }))]).toEqual([
      ['net.b', null],
      ['net.a', null],
    ]);
  });

  it.each([
    [{}, 'give either name and value, or settings'],
    [{ name: 'net.a', settings: { 'net.b': 1 } }, 'give either name and value, or settings'],
    [{ settings: { 'net.b': 1 }, value: 1 }, 'value goes with name: settings have values of their own'],
    [{ settings: {} }, 'settings is empty'],
    [{ name: 'net.a' }, 'give the value of net.a'],
    [{ name: 'net.a', value: 'a\nb' }, 'a value is one line'],
    [{ name: 'kernel', value: 1 }, '"kernel" is no name of a kernel parameter: write it as in net.ipv4.ip_forward'],
    [
      { name: 'net.a', value: 2 ** 60 },
      '1152921504606847000 is no whole number that can be kept exactly: put it in quotes',
    ],
    [{ name: 'net.a', value: {} }, 'expected a number, a text or a list of them'],
    [{ settings: { 'net.a': 1, 'net/a': 2 } }, 'net.a is set twice, under two spellings'],
    [{ name: 'net.a', value: 1, file: 'x.conf' }, '"x.conf" is no absolute path: begin it with /'],
  ])('refuses %j', (params, message) => {
    expect(Sysctl.safeParse(params).error?.issues[0]?.message).toBe(message);
  });
});

describe('the file', () => {
  it.each([
    ['net.ipv4.ip_forward=1', { key: 'net.ipv4.ip_forward', value: '1' }],
    [' net/ipv4/tcp_rmem =  1\t2  3 ', { key: 'net.ipv4.tcp_rmem', value: '1 2 3' }],
    ['-net.ipv4.x = a=b', { key: 'net.ipv4.x', value: 'a=b' }],
    ['net.ipv4.conf.eth0.100.forwarding=1', { key: 'net.ipv4.conf.eth0/100.forwarding', value: '1' }],
    ['# net.ipv4.ip_forward=1', undefined],
    [' ; net.ipv4.ip_forward=1', undefined],
    ['-net.ipv4.conf.all.rp_filter', undefined],
    ['', undefined],
  ])('reads %j', (line, found) => {
    expect(parseLine(line)).toEqual(found);
  });

  const one = (file: string | null, duplicates = 0) => ({ 'net.a': { file, duplicates } });
  it.each([
    ['makes it', null, one('1'), '# managed by kvmnet\nnet.a = 1\n'],
    ['adds a line', 'net.b = 2\n', one('1'), 'net.b = 2\nnet.a = 1\n'],
    ['adds a line after one that does not end', 'net.b = 2', one('1'), 'net.b = 2\nnet.a = 1\n'],
    ['changes the line where it stands', '# x\nnet/a=0\nnet.b=1\n', one('1'), '# x\nnet.a = 1\nnet.b=1\n'],
    ['leaves an equal line as it is written', 'net/a=1\n', one('1'), 'net/a=1\n'],
    ['keeps "may fail"', '-net.a=0\n', one('1'), '-net.a = 1\n'],
    ['takes out duplicates', 'net.a=0\nnet.b=1\nnet.a=1\n', one('1'), 'net.b=1\nnet.a=1\n'],
    ['leaves duplicates it was not told of', 'net.a=0\nnet.a=1\n', one('1', 1), 'net.a=0\nnet.a=1\n'],
    ['takes a key out', '# x\nnet.a=0\nnet.b=1\nnet.a=2\n', one(null), '# x\nnet.b=1\n'],
    ['goes when nothing of ours is left', '# managed by kvmnet\nnet.a = 1\n', one(null), null],
    ['stays empty when it was not ours', 'net.a = 1\n', one(null), ''],
    ['is not made for nothing', null, one(null), null],
  ])('%s', (_, text, settings, result) => {
    expect(render(text, settings)).toBe(result);
    expect(render(result, settings)).toBe(result);
  });

  it('says after rendering what it was to say, whatever stood there', () => {
    const line = fc.constantFrom(
      'net.a = 1',
      'net/a=2',
      '-net.a=3',
      'net.b=1',
      '# net.a=5',
      '',
      ';x',
      'garbage',
      '-net.c',
    );
    const wanted = fc.record({
      'net.a': fc.option(fc.constantFrom('1', '7')),
      'net.b': fc.option(fc.constantFrom('1', '9')),
    });
    const text = fc.option(
      fc.tuple(fc.array(line), fc.constantFrom('', '\n')).map(([lines, end]) => lines.join('\n') + end),
    );
    fc.assert(
      fc.property(text, wanted, (text, wanted) => {
        const settings = Object.fromEntries(
          Object.entries(wanted).map(([key, file]) => [key, { file, duplicates: 0 }]),
        );
        const result = render(text, settings);
        for (const [key, kept] of Object.entries(settings)) expect(keptIn(result, key)).toEqual(kept);
        const others = (text: string | null) =>
          (text ?? '').split('\n').filter((line) => !/^-?net.[ab]\b/.test(line) && !/^$|^# managed/.test(line));
        expect(others(result)).toEqual(others(text));
      }),
    );
  });
});

describe('parseLook', () => {
  it('finds nothing where nothing was said', () => {
    expect(parseLook({ code: 255, stderr: 'Killed', bytes: new Uint8Array(), stdout: 'key -rw net/a\n' })).toEqual({
      keys: {},
      files: [],
      modules: [''],
      text: null,
    });
  });

  it('orders files as sysctl.d(5) does, and takes values as one line of words', () => {
    const look = parseLook({
      code: 0,
      stderr: '',
      bytes: new Uint8Array(),
      stdout: [
        'key -rw net/ipv4/tcp_rmem',
        'key -r net/ipv4/conf/eth0:1/x',
        'key -w net/ipv4/route/flush',
        '== values',
        '/proc/sys/net/ipv4/tcp_rmem:4096\t131072\t33554432',
        '/proc/sys/net/ipv4/conf/eth0:1/x:a:b',
        '== names',
        '/etc/sysctl.d/50-a.conf',
        '/etc/sysctl.d/99-sysctl.conf',
        '/usr/lib/sysctl.d/10-b.conf',
        '/usr/lib/sysctl.d/50-a.conf',
        '/etc/sysctl.conf',
        '== lines',
        '/etc/sysctl.d/50-a.conf:net.a = 1',
        '/etc/sysctl.d/50-a.conf:net.a = 2',
        '/usr/lib/sysctl.d/50-a.conf:net.z = 1',
        '/etc/sysctl.conf:# net.a = 5',
        '== modules',
        'br_netfilter',
        'nf-conntrack',
        '== file',
        '== file\n== none\nraw',
      ].join('\n'),
    });
    expect(look).toEqual({
      keys: {
        'net.ipv4.tcp_rmem': key('4096 131072 33554432'),
        'net.ipv4.conf.eth0:1.x': key('a:b', 'r'),
        'net.ipv4.route.flush': key(null, 'w'),
      },
      files: [
        { path: '/usr/lib/sysctl.d/10-b.conf', values: {} },
        { path: '/etc/sysctl.d/50-a.conf', values: { 'net.a': '2' } },
        { path: '/etc/sysctl.d/99-sysctl.conf', values: {} },
        { path: '/etc/sysctl.conf', values: {} },
      ],
      modules: ['br_netfilter', 'nf_conntrack', ''],
      text: '== file\n== none\nraw',
    });
  });
});

describe('sysctl', () => {
  const p = Sysctl.parse({ name: 'net.a', value: 1 });
  const plan = (params: object, look: Partial<Look>) => {
    const p = Sysctl.parse(params);
    const now = sysctl.state(seen(look), p);
    const want = sysctl.want(p, now, seen(look));
    const after = overlayState(now, want) as typeof now;
    return {
      changes: diffState(now, want),
      forth: sysctl.steps(now, after, p),
      back: sysctl.steps(after, now, p),
      now,
      after,
    };
  };

  it('sets the kernel first, then keeps it; undo goes the same way back', () => {
    const { changes, forth, back } = plan(
      { name: 'net.a', value: 1 },
      { keys: { 'net.a': key('0') }, text: 'net.b = 1\n' },
    );
    expect(changes).toEqual([
      { path: 'settings["net.a"].value', from: '0', to: '1' },
      { path: 'settings["net.a"].file', from: null, to: '1' },
    ]);
    expect(forth).toMatchObject([
      { kind: 'poke', path: '/proc/sys/net/a', value: '1' },
      { kind: 'write', path: FILE, content: 'net.b = 1\nnet.a = 1\n' },
    ]);
    expect(back).toMatchObject([
      { kind: 'poke', path: '/proc/sys/net/a', value: '0' },
      { kind: 'write', path: FILE, content: 'net.b = 1\n' },
    ]);
  });

  it('makes and takes back the file', () => {
    const { forth, back } = plan({ name: 'net.a', value: 1 }, { keys: { 'net.a': key('1') } });
    expect(forth).toMatchObject([{ kind: 'write', content: '# managed by kvmnet\nnet.a = 1\n', expect: null }]);
    expect(back).toEqual([{ kind: 'remove', path: FILE }]);
  });

  it('is content with tokens however they are separated, and writes nothing', () => {
    const { changes, forth } = plan(
      { name: 'net.ipv4.tcp_rmem', value: '4096 131072 33554432' },
      { keys: { 'net.ipv4.tcp_rmem': key('4096 131072 33554432') }, text: 'net/ipv4/tcp_rmem=4096\t131072 33554432' },
    );
    expect([changes, forth]).toEqual([[], []]);
  });

  it('takes the key out of the file only, where it is absent', () => {
    const { changes, forth } = plan(
      { name: 'net.a', state: 'absent' },
      { keys: { 'net.a': key('1') }, text: '# managed by kvmnet\nnet.a = 1\nnet.a = 1\n' },
    );
    expect(changes.map(({ path }) => path)).toEqual(['settings["net.a"].file', 'settings["net.a"].duplicates']);
    expect(forth).toEqual([{ kind: 'remove', path: FILE }]);
  });

  it('leaves the kernel alone without apply', () => {
    const { forth } = plan({ name: 'net.a', value: 1, apply: false }, { keys: {} });
    expect(forth.map((step) => step.kind)).toEqual(['write']);
  });

  it.each<[string, object, Partial<Look>, object]>([
    [
      'a key that is not there',
      {},
      {},
      {
        code: 'missing',
        message: 'this kernel has no net.a',
        hint: 'check its name; ignore_missing: true keeps it for later',
      },
    ],
    [
      'a key of a module that is not loaded',
      { name: 'net.bridge.bridge-nf-call-iptables' },
      {},
      {
        code: 'missing',
        message: 'this kernel has no net.bridge.bridge-nf-call-iptables',
        hint: 'load it first: kernel_module: { name: br_netfilter }',
      },
    ],
    [
      'a key that is read-only here',
      {},
      { keys: { 'net.a': key('0', 'r') } },
      {
        code: 'refused',
        message: 'net.a cannot be written on this host: it is 0, and read-only',
        hint: 'a container or network namespace may set only its own; apply: false keeps the value for the next boot only',
      },
    ],
    [
      'a key that cannot be read',
      {},
      { keys: { 'net.a': key(null, 'w') } },
      {
        message: 'net.a can be written but not read',
        hint: 'it is a command rather than a setting: use command: sysctl -w',
      },
    ],
    [
      'a key that has no value and is read-only here',
      {},
      { keys: { 'net.a': key(null, 'r') } },
      { message: 'net.a cannot be written on this host: it is without a value, and read-only' },
    ],
    [
      'one number of two',
      { value: '1' },
      { keys: { 'net.a': key('1 2') } },
      { message: 'net.a holds 2 numbers (1 2), and 1 is given' },
    ],
    [
      'a file that is read later, but for the file that is read last',
      { file: '/etc/sysctl.conf' },
      { keys: { 'net.a': key('0') }, files: [{ path: '/etc/sysctl.d/99-z.conf', values: { 'net.a': '0' } }] },
      {
        message: 'net.a = 1 in /etc/sysctl.conf is shadowed by /etc/sysctl.d/99-z.conf, which is read later and says 0',
      },
    ],
    [
      'too few numbers',
      { value: '1 2' },
      { keys: { 'net.a': key('1 2 3') } },
      {
        message: 'net.a holds 3 numbers (1 2 3), and 2 are given',
        hint: 'give all of them: the kernel would keep the others as they are',
      },
    ],
    [
      'a file that is read later',
      {},
      { keys: { 'net.a': key('0') }, files: [{ path: '/etc/sysctl.d/99-x.conf', values: { 'net.a': '0' } }] },
      {
        message: `net.a = 1 in ${FILE} is shadowed by /etc/sysctl.d/99-x.conf, which is read later and says 0`,
        hint: 'take it out there (sysctl: { name: net.a, state: absent, file: /etc/sysctl.d/99-x.conf }), or keep it in a file of a later name',
      },
    ],
  ])('refuses %s', (_, params, look, error) => {
    expect(() => plan({ name: 'net.a', value: 1, ...params }, look)).toThrow(expect.objectContaining(error));
  });

  it.each<[string, Look['files']]>([
    ['says the same', [{ path: '/etc/sysctl.d/99-x.conf', values: { 'net.a': '1' } }]],
    ['is read before', [{ path: '/usr/lib/sysctl.d/89-x.conf', values: { 'net.a': '0' } }]],
    [
      'is itself shadowed',
      [
        { path: '/etc/sysctl.d/95-x.conf', values: { 'net.a': '0' } },
        { path: '/etc/sysctl.d/99-x.conf', values: { 'net.a': '1' } },
      ],
    ],
  ])('is content with another file that %s', (_, files) => {
    expect(plan({ name: 'net.a', value: 1 }, { keys: { 'net.a': key('0') }, files }).changes).toHaveLength(2);
  });

  it('takes a file before 99-sysctl.conf for no shadow of /etc/sysctl.conf', () => {
    const files = [{ path: '/etc/sysctl.d/99-a.conf', values: { 'net.a': '0' } }];
    const params = { name: 'net.a', value: 1, file: '/etc/sysctl.conf' };
    expect(plan(params, { keys: { 'net.a': key('1') }, files }).changes.map(({ path }) => path)).toEqual([
      'settings["net.a"].file',
    ]);
  });

  // The kernel shows stable_secret only once it is set.
  it('sets a key that has had no value', () => {
    const name = 'net.ipv6.conf.default.stable_secret';
    const { forth, back } = plan({ name, value: '2001:db8::1' }, { keys: { [name]: key(null) } });
    expect(forth[0]).toMatchObject({ kind: 'poke', value: '2001:db8::1' });
    expect(back.map(({ kind }) => kind)).toEqual(['remove']);
  });

  it('has no steps from nothing to nothing, and touches nothing', () => {
    const { now } = plan({ name: 'net.ipv6.conf.all.forwarding', state: 'absent' }, {});
    expect(sysctl.steps(null, null, p)).toEqual([]);
    expect(sysctl.steps(now, null, p)).toEqual([]);
    expect(sysctl.touches?.(now, null, p)).toBe('none');
  });

  it('keeps a key for later with ignore_missing, and says so', () => {
    const look = { keys: {} };
    const params = { name: 'net.a', value: 1, ignore_missing: true };
    expect(plan(params, look).forth.map((step) => step.kind)).toEqual(['write']);
    expect(sysctl.warnings?.(Sysctl.parse(params), null, seen(look))).toEqual([
      'net.a is not there yet: it takes effect at the first boot that has it',
    ]);
  });

  it('warns of what a boot would not do', () => {
    const warn = (params: object, look: Partial<Look>) => sysctl.warnings?.(Sysctl.parse(params), null, seen(look));
    const name = 'net.netfilter.nf_conntrack_max';
    const keys = { [name]: key('1') };
    expect(warn({ name, value: 1 }, { keys })).toEqual([
      `${name} is there only while nf_conntrack is loaded, and nothing loads it at boot: kernel_module: { name: nf_conntrack }`,
    ]);
    expect(warn({ name, value: 1 }, { keys, modules: ['nf_conntrack'] })).toEqual([]);
    expect(warn({ name: 'net.a', value: 1, file: '/etc/my.conf' }, { keys: { 'net.a': key('1') } })).toEqual([
      '/etc/my.conf is not read at boot: use a file /etc/sysctl.d/*.conf',
    ]);
    expect(warn({ name: 'net.a', value: 1, file: '/etc/sysctl.conf' }, { keys: { 'net.a': key('1') } })).toHaveLength(
      1,
    );
    const files = [{ path: '/etc/sysctl.d/99-sysctl.conf', values: {} }];
    expect(warn({ name: 'net.a', value: 1, file: '/etc/sysctl.conf' }, { keys: { 'net.a': key('1') }, files })).toEqual(
      [],
    );
  });

  it('says which interface a change may cut off', () => {
    const touches = (name: string) => {
      const setting = (value: string) => ({ settings: { [name]: { value, file: null, duplicates: 0 } }, text: null });
      return sysctl.touches?.(setting('0'), setting('1'), p);
    };
    expect(touches('net.ipv6.conf.eth0/100.disable_ipv6')).toEqual({ links: ['eth0.100'], families: [6] });
    expect(touches('net.ipv4.conf.all.rp_filter')).toEqual({ links: ['*'], families: [4] });
    expect(touches('net.ipv6.conf.all.forwarding')).toEqual({ links: ['*'], families: [6] });
    expect(touches('net.netfilter.nf_conntrack_max')).toEqual({ links: ['*'] });
    expect(touches('net.ipv4.conf.default.rp_filter')).toBe('none');
    expect(touches('net.ipv4.ip_forward')).toBe('none');
  });

  it('shows a file that comes, and one that goes', () => {
    const after = '# managed by kvmnet\nnet.a = 1\n';
    expect(sysctl.texts?.(seen({}), p)).toEqual([{ path: FILE, before: '', after }]);
    const gone = Sysctl.parse({ name: 'net.a', state: 'absent' });
    expect(sysctl.texts?.(seen({ text: after }), gone)).toEqual([{ path: FILE, before: after, after: '' }]);
  });

  it('shows the file as text', () => {
    expect(sysctl.texts?.(seen({ text: 'net.a=0\n' }), p)).toEqual([
      { path: FILE, before: 'net.a=0\n', after: 'net.a = 1\n' },
    ]);
  });
});
