import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { play, startPlay } from './background.ts';
import type { Host, Lab } from './index.ts';
import { until } from './process.ts';
import { noLab, useLab } from './use-lab.ts';

const site = (tasks: string, more = ''): string => `- hosts: all\n  gather_facts: false\n${more}  tasks:\n${tasks}`;
/** At work until it is let go. */
const nap = site('    - { name: nap, shell: "touch /srv/at-it; while [ -e /srv/hold ]; do sleep 0.1; done" }\n');
const write = site('    - { name: write, copy: { dest: /srv/file, content: x } }\n');

const someone =
  /^another run has the lock of this host: run \d{8}-?T?\d{6}\S+ of root@\S+ \(process \d+\), since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, from 10\.97\.255\.254$/;

describe.skipIf(noLab())('one run at a time on a host', () => {
  let lab: Lab;
  let host: Host;
  let other: Host;
  beforeAll(async () => {
    ({ lab } = await useLab());
    [host, other] = (await lab.bareHosts(2, { prefix: 'locked' })) as [Host, Host];
  });
  afterAll(async () => {
    await host.remove();
    await other.remove();
  });

  beforeEach(async () => {
    for (const one of [host, other]) await one.read(['sh', '-c', 'rm -rf /srv/* /tmp/of-busy; umask 0; : >/srv/hold']);
    await host.read(['chmod', '1777', '/srv']);
  });

  const atIt = async (): Promise<void> => {
    await until('the nap', 60, async () => (await host.outside(['test', '-e', '/srv/at-it'])).code === 0 || undefined);
  };
  const letGo = (): Promise<string> => host.read(['rm', '/srv/hold']);
  const locks = (on = host): Promise<string> =>
    on.read(['sh', '-c', 'ls -d /run/kvmnet.lock /tmp/.kvmnet.lock* 2>/dev/null || :']);

  it('two at once come one after the other, and leave no lock', async () => {
    const text = site('    - shell: "echo begin >>/srv/log; sleep 1; echo end >>/srv/log"\n');
    const runs = await Promise.all([play(lab, host, text), play(lab, host, text), play(lab, host, text)]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await host.read(['sh', '-c', 'cat /srv/log'])).toBe('begin\nend\n'.repeat(3));
    const waited = runs.flatMap(({ events }) => events).filter((event) => event.type === 'progress');
    expect(
      waited.some(({ text: shown }) => /^another run has the lock .* from 10\.97\.255\.254, waiting$/.test(shown)),
    ).toBe(true);
    expect(await locks()).toBe('');
  });

  it('costs no round trip', async () => {
    await play(lab, host, write);
    const { events } = await play(lab, host, write);
    expect(events.at(-1)).toMatchObject({ hosts: { [host.name]: { ok: 1, round_trips: 1 } } });
  });

  it('the other is told who, since when and from where, and only that host fails', async () => {
    const first = startPlay(lab, host, nap);
    await atIt();
    const { code, task } = await play(lab, [host, other], write, { args: ['--lock-timeout', '1'] });
    const failed = task(host, 'write');
    expect(failed).toMatchObject({
      status: 'failed',
      failure: { code: 'locked', message: expect.stringMatching(someone) as string },
    });
    expect(failed?.failure?.hint).toMatch(
      /^waited 1 s for it \(--lock-timeout\); its shell on the host is process \d+$/,
    );
    expect(task(other, 'write')?.status).toBe('changed');
    expect(code).toBe(2);
    // What changes nothing need not wait.
    expect((await play(lab, host, site('    - ping: {}\n'))).code).toBe(0);
    expect((await play(lab, host, write, { args: ['--check', '--lock-timeout', '0'] })).code).toBe(0);
    await letGo();
    expect((await first.ended).code).toBe(0);
  });

  it('goes with a controller that is killed, as soon as what it had begun is over', async () => {
    const first = startPlay(lab, host, nap);
    await atIt();
    first.kill('SIGKILL');
    await first.ended;
    const blocked = await play(lab, host, write, { args: ['--lock-timeout', '0'] });
    expect(blocked.task(host, 'write')?.failure?.message).toMatch(someone);
    await letGo();
    const { code, task } = await play(lab, host, write);
    expect({ code, failure: task(host, 'write')?.failure }).toEqual({ code: 0, failure: undefined });
    expect(await locks()).toBe('');
  });

  it('goes with a shell that is killed, and is had again by the next one', async () => {
    const killShell = String.raw`kill -9 $(ls /run/kvmnet.lock | sed -n 's/.*[.]\([0-9]*\)[.][0-9]*[.]held/\1/p')`;
    const text = site(
      `    - { name: kill, shell: "${killShell.replaceAll('\\', '\\\\')}; sleep 1" }\n    - shell: ls /run/kvmnet.lock\n`,
    );
    const { code, tasks } = await play(lab, host, text);
    // What the shell had begun goes on without it.
    expect(tasks[0]?.status).toBe('changed');
    expect(code).toBe(0);
    const held = tasks[1]?.result?.['stdout_lines'] as string[];
    expect(held.filter((line) => line.endsWith('.held'))).toHaveLength(1);
    expect(await locks()).toBe('');
  });

  it('is the same for everybody who becomes root, and root’s is minded by all', async () => {
    const become = { kvmnet_user: 'auto', kvmnet_become: 'true' };
    const first = startPlay(lab, host, nap, { vars: become });
    await atIt();
    const args = ['--lock-timeout', '0'];
    const asRoot = await play(lab, host, write, { args });
    expect(asRoot.task(host, 'write')?.failure?.message).toMatch(someone);
    const home = site('    - { name: write, copy: { dest: /tmp/of-busy, content: x } }\n');
    const asBusy = await play(lab, host, home, {
      args,
      vars: { kvmnet_user: 'busy', kvmnet_shell: '/opt/busybox/sh' },
    });
    expect(asBusy.task(host, 'write')?.failure?.message).toMatch(/^another run has the lock of this host: run /);
    await letGo();
    await first.ended;
    const later = await play(lab, host, home, { args, vars: { kvmnet_user: 'busy', kvmnet_shell: '/opt/busybox/sh' } });
    expect(later.task(host, 'write')?.status).toBe('changed');
    expect(await locks()).toBe('');
  });

  it('keeps users apart who cannot become root', async () => {
    const first = startPlay(lab, host, nap, { vars: { kvmnet_user: 'plain' } });
    await atIt();
    const args = ['--lock-timeout', '0'];
    const quick = site('    - { name: quick, shell: "true" }\n');
    const same = await play(lab, host, quick, { args, vars: { kvmnet_user: 'plain' } });
    expect(same.task(host, 'quick')?.failure?.code).toBe('locked');
    expect((await play(lab, host, quick, { args, vars: { kvmnet_user: 'dashy' } })).code).toBe(0);
    await letGo();
    await first.ended;
    expect(await locks()).toBe('');
  });

  it('is taken of hosts that tasks are delegated to', async () => {
    const first = startPlay(lab, host, nap);
    await atIt();
    const text = site(`    - { name: there, copy: { dest: /srv/file, content: y }, delegate_to: ${host.name} }\n`);
    const inventory = `${host.name} kvmnet_host=${host.address}\n`;
    const { task } = await play(lab, other, text, {
      args: ['--lock-timeout', '0', '-i', 'more.ini'],
      files: {
        'more.ini': `${inventory}[all:vars]\nkvmnet_user=root\nkvmnet_private_key_file=${lab.privateKeyPath}\n`,
      },
    });
    expect(task(other, 'there')?.failure?.message).toMatch(someone);
    await letGo();
    await first.ended;
  });

  it('finds another place where /run cannot be written, and says so where there is none', async () => {
    const backs = [await host.readOnly('/run')];
    try {
      const first = startPlay(lab, host, nap);
      await atIt();
      expect(await locks()).toBe('/tmp/.kvmnet.lock-0\n');
      const blocked = await play(lab, host, write, { args: ['--lock-timeout', '0'] });
      expect(blocked.task(host, 'write')?.failure?.code).toBe('locked');
      await letGo();
      await first.ended;
      backs.push(await host.readOnly('/tmp'));
      const { code, task } = await play(lab, host, write);
      expect(task(host, 'write')).toMatchObject({
        status: 'failed',
        failure: {
          code: 'io',
          message: expect.stringMatching(/^cannot take the lock of this host: .*Read-only file system$/) as string,
          hint: 'make room in /run and /tmp there, or name another folder with the variable kvmnet_lock_dir',
        },
      });
      expect(code).toBe(2);
      const elsewhere = await play(lab, host, write, { vars: { kvmnet_lock_dir: '/var/lib' } });
      expect(elsewhere.code).toBe(0);
    } finally {
      for (const back of backs.toReversed()) await back();
    }
  });

  it('is kept by a change that waits for its confirmation, whatever became of the run', async () => {
    const text = site(
      '    - iptables: { chain: INPUT, rules: ["-p tcp --dport 2222 -j ACCEPT"] }\n',
      '  confirm:\n    - shell: "touch /srv/at-it; sleep 60"\n',
    );
    const first = startPlay(lab, host, text, { args: ['--confirm-timeout', '12'] });
    await atIt();
    first.kill('SIGKILL');
    await first.ended;
    await host.outside(['pkill', '-f', '^sleep 60$']);
    const blocked = await play(lab, host, write, { args: ['--lock-timeout', '0'] });
    expect(blocked.task(host, 'write')?.failure).toMatchObject({
      code: 'locked',
      message: expect.stringMatching(
        /^a change of another run waits for its confirmation on this host: run \S+ of root@\S+ \(process \d+\), since /,
      ) as string,
      hint: 'did not wait for it (--lock-timeout)',
    });
    expect((await play(lab, host, write)).code).toBe(0);
    expect(await host.read(['iptables-save'])).not.toContain('2222');
    await host.read(['sh', '-c', 'rm -rf /var/lib/kvmnet/confirm']);
  });

  it('a change that nobody will ever confirm or take back is taken back by the next run', async () => {
    const window = '/var/lib/kvmnet/confirm/forgotten';
    const script = `mkdir -p ${window}; cd ${window}; : >armed; echo 10 >deadline; echo another-boot >boot
      echo 'token - 20260101-000000-abcd 2026-01-01T00:00:00Z ann@desk (process 7)' >holder
      printf 'cd ${window}; mv armed undoing; touch /srv/undone; mv undoing undone\n' >undo.sh`;
    await host.read(['sh', '-c', script]);
    const { code, events } = await play(lab, host, write, { args: ['--lock-timeout', '0'] });
    expect(code).toBe(0);
    expect(events).toContainEqual({
      type: 'warning',
      host: host.name,
      message:
        'a change that nobody had confirmed was taken back: run 20260101-000000-abcd of ann@desk (process 7), since 2026-01-01 00:00:00 UTC',
    });
    expect(await host.read(['ls', '/srv'])).toContain('undone');
    expect((await host.outside(['test', '-e', window])).code).toBe(1);
  });

  it('is taken anew after a reboot', async () => {
    const { systemd } = await useLab({ systemd: 1 });
    const [node] = systemd as [Host];
    const text = site(
      '    - shell: ls /run/kvmnet.lock\n    - reboot: { force: true }\n    - shell: ls /run/kvmnet.lock\n',
    );
    const { code, tasks } = await play(lab, node, text);
    expect(code).toBe(0);
    for (const shown of [tasks[0], tasks[2]]) {
      const held = shown?.result?.['stdout_lines'] as string[];
      expect(held.filter((line) => line.endsWith('.held'))).toHaveLength(1);
    }
    expect(await locks(node)).toBe('');
  });
});
