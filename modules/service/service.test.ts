import { describe, expect, it } from 'vitest';
import { diffState, overlayState } from '../../src/sdk/diff.ts';
import { fakeHost } from '../../src/sdk/testing/fake-host.ts';
import { service } from './index.ts';
import { parseLook } from './look.ts';
import { Service, unitName } from './params.ts';

// Recorded on Debian 12, systemd 252.
const running = {
  Type: 'notify',
  RemainAfterExit: 'no',
  Id: 'ssh.service',
  LoadState: 'loaded',
  ActiveState: 'active',
  SubState: 'running',
  SourcePath: '',
  UnitFileState: 'enabled',
  CanReload: 'yes',
  NeedDaemonReload: 'no',
  LoadError: '',
};
const stopped = {
  ...running,
  Type: 'simple',
  Id: 'foo.service',
  ActiveState: 'inactive',
  SubState: 'dead',
  UnitFileState: 'disabled',
  CanReload: 'no',
};
const masked = { ...stopped, Type: '', LoadState: 'masked', UnitFileState: 'masked' };
const notFound = { ...stopped, Type: '', Id: 'nosuch.service', LoadState: 'not-found', UnitFileState: '' };

const systemd = (properties: Readonly<Record<string, string>>): string =>
  ['init=systemd', ...Object.entries(properties).map(([key, value]) => `${key}=${value}`), ''].join('\n');

function plan(params: object, stdout: string) {
  const p = Service.parse({ name: 'foo', ...params });
  const look = parseLook({ stdout });
  const now = service.state({ look }, p);
  const want = service.want(p, now, { look });
  const after = overlayState(now, want) as typeof now;
  const words = (steps: ReturnType<typeof service.steps>): string[] =>
    steps.map((step) => {
      if (step.kind === 'exec') return step.argv.join(' ').replace('systemctl -q ', '').replace(' --', '');
      return step.kind === 'snippet' ? `${step.args[1]} ${step.args[0]} ${step.args[3]}`.trim() : step.kind;
    });
  return {
    now,
    changes: diffState(now, want),
    forth: words(service.steps(now, after, p)),
    back: words(service.steps(after, now, p)),
    touches: service.touches?.(now, after, p),
    warnings: service.warnings?.(p, now, { look }),
  };
}

describe('service parameters', () => {
  it.each([
    ['foo', 'foo.service'],
    ['foo.socket', 'foo.socket'],
    ['getty@tty1', 'getty@tty1.service'],
    ['foo.bar', 'foo.bar.service'],
    ['fstrim.timer', 'fstrim.timer'],
  ])('%s is the unit %s', (name, unit) => {
    expect(unitName(name)).toBe(unit);
  });

  it.each([
    [{ state: 'started' }, 'give the name of the service'],
    [{ name: 'foo' }, 'say what should be: state, enabled, masked or daemon_reload'],
    [{ name: 'foo', state: 'started', masked: true }, 'a masked service can neither be started nor enabled'],
    [{ name: 'foo', enabled: true, masked: true }, 'a masked service can neither be started nor enabled'],
    [{ name: '-foo', enabled: true }, 'expected the name of a service or of a systemd unit'],
    [{ name: 'a b', enabled: true }, 'expected the name of a service or of a systemd unit'],
    [{ name: 'foo', enabled: 'maybe' }, 'expected yes or no'],
  ])('refuses %j', (params, message) => {
    expect(Service.safeParse(params).error?.issues[0]?.message).toBe(message);
  });
});

describe('service', () => {
  it('is content with what is so already, under whatever name', () => {
    const { changes, forth } = plan({ name: 'sshd', state: 'started', enabled: true, masked: false }, systemd(running));
    expect([changes, forth]).toEqual([[], []]);
  });

  it('enables and starts, and takes it back', () => {
    const { changes, forth, back } = plan({ state: 'started', enabled: true }, systemd(stopped));
    expect(changes).toEqual([
      { path: 'active', from: 'inactive', to: 'active' },
      { path: 'enabled', from: false, to: true },
    ]);
    expect(forth).toEqual(['enable foo.service', 'start foo.service']);
    expect(back).toEqual(['stop foo.service', 'disable foo.service']);
  });

  it('stops, disables and masks by the unit of an alias, and takes it back', () => {
    const { forth, back } = plan({ name: 'sshd', state: 'stopped', enabled: false, masked: true }, systemd(running));
    expect(forth).toEqual(['stop ssh.service', 'disable ssh.service', 'mask ssh.service']);
    expect(back).toEqual(['unmask ssh.service', 'enable ssh.service', 'start ssh.service']);
  });

  it('unmasks where it is told to', () => {
    expect(plan({ state: 'started', masked: false }, systemd(masked)).forth).toEqual([
      'unmask foo.service',
      'start foo.service',
    ]);
  });

  it.each([
    ['a service that has failed is stopped', { state: 'stopped' }, { ActiveState: 'failed' }, []],
    [
      'a failed one is started, its failures forgotten',
      { state: 'started' },
      { ActiveState: 'failed' },
      ['start foo.service f'],
    ],
    ['one that reloads is started', { state: 'started' }, { ActiveState: 'reloading' }, []],
    ['one on its way up is waited for', { state: 'started' }, { ActiveState: 'activating' }, ['start foo.service']],
    ['one between two crashes is stopped', { state: 'stopped' }, { ActiveState: 'activating' }, ['stop foo.service']],
    [
      'a changed unit file is read before the start',
      { state: 'started' },
      { NeedDaemonReload: 'yes' },
      ['systemctl daemon-reload', 'start foo.service'],
    ],
    ['and not where nothing is started', { enabled: false }, { NeedDaemonReload: 'yes' }, []],
    ['daemon_reload reads it', { daemon_reload: true }, { NeedDaemonReload: 'yes' }, ['systemctl daemon-reload']],
    ['but only if it has changed', { daemon_reload: true }, {}, []],
    [
      'or something is started, whose drop-ins systemd may not have seen',
      { state: 'started', daemon_reload: true },
      {},
      ['systemctl daemon-reload', 'start foo.service'],
    ],
    ['what is static is not enabled', { enabled: false }, { UnitFileState: 'static' }, []],
    [
      'enabled until the next boot only is not enough',
      { enabled: true },
      { UnitFileState: 'enabled-runtime' },
      ['enable foo.service'],
    ],
    [
      'a running unit whose file has gone can be stopped',
      { state: 'stopped' },
      { LoadState: 'not-found', ActiveState: 'active' },
      ['stop foo.service'],
    ],
  ])('%s', (_, params, properties, forth) => {
    expect(plan(params, systemd({ ...stopped, ...properties })).forth).toEqual(forth);
  });

  it('asks systemctl where a script of System V decides', () => {
    const sysv = {
      ...running,
      Id: 'foo.service',
      UnitFileState: 'generated',
      SourcePath: '/etc/init.d/foo',
      IsEnabled: 'enabled',
    };
    expect(plan({ enabled: true }, systemd(sysv)).changes).toEqual([]);
    expect(plan({ enabled: false }, systemd(sysv)).forth).toEqual(['disable foo.service']);
    // systemctl cannot tell: chkconfig is not there.
    const silent = plan({ enabled: false }, systemd({ ...sysv, IsEnabled: '' }));
    expect([silent.now?.enabled, silent.forth]).toEqual(['generated', []]);
  });

  it('has no way without a state, and wants the same whether or not one was read', () => {
    const p = Service.parse({ name: 'foo', state: 'started' });
    const look = parseLook({ stdout: systemd(stopped) });
    const now = service.state({ look }, p);
    expect(service.want(p, null, { look })).toEqual(service.want(p, now, { look }));
    expect(service.want(p, null, { look })).toMatchObject({ active: 'active' });
    expect([service.steps(null, now, p), service.steps(now, null, p)]).toEqual([[], []]);
  });

  it('says where enabling does nothing', () => {
    const indirect = plan({ enabled: true }, systemd({ ...stopped, UnitFileState: 'indirect' }));
    expect(indirect.changes).toEqual([]);
    expect(indirect.warnings).toEqual(['foo.service is started through its sockets or timers: enable those']);
  });

  it.each<[string, object, string, object]>([
    [
      'a name that nobody has',
      { state: 'started' },
      systemd(notFound),
      { code: 'missing', message: 'there is no service foo', hint: 'check its name, or install its package first' },
    ],
    ['to stop a name that nobody has', { state: 'stopped' }, systemd(notFound), { code: 'missing' }],
    [
      'a masked one',
      { state: 'started' },
      systemd(masked),
      { message: 'foo.service is masked', hint: 'masked: no takes that back' },
    ],
    [
      'to mask one whose file is where the mask would be',
      { masked: true },
      systemd({ ...stopped, Id: 'foo.service', FragmentPath: '/etc/systemd/system/foo.service' }),
      { message: 'foo.service cannot be masked: its own file stands in /etc/systemd/system' },
    ],
    [
      'one that ends by itself',
      { state: 'started' },
      systemd({ ...stopped, Type: 'oneshot' }),
      { message: 'foo.service does its work and ends: it cannot be kept started' },
    ],
    [
      'to enable what cannot be',
      { enabled: true },
      systemd({ ...stopped, UnitFileState: 'static' }),
      { message: 'foo.service cannot be enabled: it is static, it has no [Install] section' },
    ],
    [
      'a broken unit file',
      { state: 'started' },
      systemd({
        ...stopped,
        LoadState: 'bad-setting',
        LoadError: 'org.freedesktop.systemd1.BadUnitSetting "Unit foo.service has a bad unit file setting."',
      }),
      {
        message: 'systemd cannot load foo.service: Unit foo.service has a bad unit file setting.',
        hint: 'look at it: systemd-analyze verify foo.service',
      },
    ],
    [
      'a unit file that cannot be read, of a systemd that does not say why',
      { state: 'started' },
      systemd({ Id: 'foo.service', LoadState: 'error' }),
      { message: 'systemd cannot load foo.service: error' },
    ],
    [
      'enabled without systemd',
      { enabled: true },
      'init=openrc\nActiveState=active\nLoadState=loaded\n',
      { message: 'enabled, masked and daemon_reload need systemd, and this host runs openrc' },
    ],
    ['a host without init', { state: 'started' }, 'init=none\n', { code: 'missing' }],
  ])('refuses %s', (_, params, stdout, error) => {
    expect(() => plan(params, stdout)).toThrow(expect.objectContaining(error));
  });

  it.each([
    ['openrc', 'rc-service'],
    ['sysv', 'service'],
  ])('starts and stops under %s', (init, tool) => {
    const down = `init=${init}\nActiveState=inactive\nLoadState=loaded\n`;
    expect(plan({ name: 'foo.service', state: 'started' }, down)).toMatchObject({
      forth: [`${tool} foo start`],
      back: [`${tool} foo stop`],
    });
    expect(plan({ state: 'stopped' }, down).changes).toEqual([]);
    expect(() => plan({ state: 'started' }, `init=${init}\nLoadState=not-found\n`)).toThrow('there is no service foo');
  });

  it('knows the services that carry our own session', () => {
    expect(plan({ name: 'sshd', state: 'stopped' }, systemd(running)).touches).toMatchObject({
      effect: 'cut',
      services: ['ssh'],
    });
    expect(plan({ name: 'sshd', enabled: false }, systemd(running)).touches).toBe('none');
    expect(plan({ state: 'started' }, systemd(stopped)).touches).toBe('none');
  });
});

describe('service restarted and reloaded', () => {
  const act = async (params: object, stdout: string, check = false) => {
    const p = Service.parse({ name: 'foo', ...params });
    const host = fakeHost({
      check,
      answer: () => ({ stdout }),
      sh: () => ({ code: 0, stdout: '', stderr: '', bytes: new Uint8Array() }),
    });
    const result = await service.asAction?.(p)?.(p, host);
    const steps = host.asked.slice(1).flat();
    const words = steps.flatMap((step) =>
      'argv' in step ? [step.argv.join(' ')] : 'args' in step ? [`${step.args[1]} ${step.args[0]}`] : [],
    );
    return { result, words, trips: host.asked.length };
  };

  it('is an action only where it has to be', () => {
    const of = (params: object) => typeof service.asAction?.(Service.parse(params));
    expect(of({ name: 'foo', state: 'started' })).toBe('undefined');
    expect(of({ name: 'foo', daemon_reload: true })).toBe('undefined');
    expect(of({ name: 'foo', state: 'restarted' })).toBe('function');
    expect(of({ name: 'foo', state: 'reloaded' })).toBe('function');
    expect(of({ daemon_reload: true })).toBe('function');
  });

  it.each([
    [{ state: 'restarted' }, running, ['restart ssh.service'], 'restarted ssh.service'],
    [{ state: 'restarted' }, stopped, ['start foo.service'], 'started foo.service'],
    [{ state: 'reloaded' }, running, ['reload ssh.service'], 'reloaded ssh.service'],
    [{ state: 'reloaded' }, stopped, ['start foo.service'], 'started foo.service'],
    [
      { state: 'restarted' },
      { ...running, NeedDaemonReload: 'yes' },
      ['systemctl daemon-reload', 'restart ssh.service'],
      'restarted ssh.service',
    ],
    [
      { state: 'restarted', enabled: true, masked: false },
      masked,
      ['systemctl -q unmask -- foo.service', 'systemctl -q enable -- foo.service', 'start foo.service'],
      'started foo.service',
    ],
  ])('%j, in two round trips', async (params, properties, words, text) => {
    const done = await act(params, systemd(properties));
    expect(done).toMatchObject({ words, trips: 2, result: { changed: true, text } });
  });

  it('reports what else it changes', async () => {
    const { result } = await act({ state: 'restarted', enabled: true }, systemd(stopped));
    expect(result?.changes).toEqual([{ path: 'enabled', from: false, to: true }]);
  });

  it('does nothing in check mode', async () => {
    const { result, words } = await act({ state: 'restarted' }, systemd(running), true);
    expect(result).toMatchObject({ changed: true, text: 'would restart ssh.service' });
    expect(words).toEqual([]);
  });

  it('has systemd read its unit files, for no unit in particular', async () => {
    const done = await act({ name: undefined, daemon_reload: true }, '');
    expect(done).toMatchObject({ result: { changed: true }, trips: 1 });
    const foreseen = await act({ name: undefined, daemon_reload: true }, '', true);
    expect(foreseen).toMatchObject({
      result: { changed: true, text: 'would have systemd read its unit files' },
      trips: 0,
    });
  });

  it('does nothing where nothing is known', async () => {
    const p = Service.parse({ name: 'foo', state: 'restarted' });
    const host = { ...fakeHost(), run: async () => [] };
    await expect(service.asAction?.(p)?.(p, host)).rejects.toThrow('the engine gave no result for a command');
    expect(host.asked).toEqual([]);
  });

  it('refuses what cannot reload, and what is not there', async () => {
    await expect(act({ state: 'reloaded' }, systemd({ ...running, CanReload: 'no' }))).rejects.toMatchObject({
      message: 'ssh.service cannot reload its configuration while it runs',
      hint: 'state: restarted',
    });
    await expect(act({ state: 'restarted' }, systemd(notFound))).rejects.toMatchObject({ code: 'missing' });
  });
});
