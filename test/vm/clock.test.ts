import { beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import type { Lab } from '../lab/index.ts';
import { until } from '../lab/process.ts';
import type { Guest } from './guest.ts';
import { noGuest, otherThan, playOnGuest, useGuest, useVmLab } from './use-guest.ts';

const play = (tasks: string, more = ''): string =>
  `- hosts: guests\n  gather_facts: false\n${more}  tasks:\n${tasks.replaceAll(/^(?=.)/gm, '    ')}`;

describe.skipIf(noGuest())('a clock that jumps', () => {
  let lab: Lab;
  let guest: Guest;
  let files: FolderFiles;
  beforeAll(async () => {
    lab = useVmLab();
    guest = await useGuest(lab);
    files = folderFiles();
    return () => files.close();
  });
  const jump = async (by: string): Promise<void> => void (await guest.sh(`date -s '${by}' >/dev/null`));
  const chain = async (): Promise<string> => await guest.sh('iptables -S');
  /** Waits for a rule to come or go. @returns the seconds it took. */
  const rule = async (there: boolean, text: string, seconds = 120): Promise<number> => {
    const started = performance.now();
    await until(
      `${text} ${there ? 'to come' : 'to go'}`,
      seconds,
      async () => (await chain()).includes(text) === there || undefined,
      100,
    );
    return (performance.now() - started) / 1000;
  };

  it.each([
    ['ahead', '+1 day', '-1 day'],
    ['back', '-1 day', '+1 day'],
  ])('%s during a run does it no harm', async (_, there, back) => {
    files.put(
      'site.yml',
      play(`- sysctl: { name: vm.swappiness, value: 31 }
- command: sleep 6
- copy: { dest: /etc/kvm-note, content: "${there}" }
- iptables: { name: clock, chain: FORWARD, rules: ["-p tcp --dport 4711 -j ACCEPT"] }
- command: sleep 6
- sysctl: { name: vm.swappiness, value: 32 }
- iptables: { name: clock, chain: FORWARD, state: absent }
`),
    );
    const running = playOnGuest(lab, `${files.root}/site.yml`, guest);
    await until(
      'the first sleep',
      120,
      async () => (await guest.outside(['pgrep', '-x', 'sleep'])).code === 0 || undefined,
      100,
    );
    await jump(there);
    await rule(true, '--dport 4711');
    await jump(back);
    const played = await running;
    expect(otherThan(played, 'changed', 'ok')).toEqual([]);
    expect(played.code).toBe(0);
    expect(await guest.sh('cat /proc/sys/vm/swappiness /etc/kvm-note')).toBe(`32\n${there}`);
  });

  it.each([
    ['ahead', '+1 day', '-1 day'],
    ['back', '-1 day', '+1 day'],
  ])('%s in an open window neither takes a change back too early nor keeps it', async (_, there, back) => {
    files.put(
      'lock-out.yml',
      play('- iptables: { name: clock, chain: INPUT, position: first, rules: ["-p tcp --dport 22 -j DROP"] }\n'),
    );
    const running = playOnGuest(lab, `${files.root}/lock-out.yml`, guest, ['--confirm-timeout', '20']);
    await rule(true, '--dport 22 -j DROP');
    await jump(there);
    const seconds = await rule(false, '--dport 22 -j DROP');
    expect(seconds).toBeGreaterThan(10);
    expect(seconds).toBeLessThan(60);
    await jump(back);
    const played = await running;
    expect(played.tasks.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'taken-back' } });
    expect(
      await guest.sh(
        'ls -A /var/lib/kvmnet 2>/dev/null | grep confirm || :; ls /etc/systemd/system | grep confirm || :',
      ),
    ).toBe('');
  });

  it('in an open window leaves a good change as it is', async () => {
    files.put(
      'good.yml',
      play(
        '- iptables: { name: clock, chain: INPUT, rules: ["-p tcp --dport 4712 -j ACCEPT"] }\n',
        '  confirm:\n    - { name: all is well, command: sleep 5 }\n',
      ),
    );
    const running = playOnGuest(lab, `${files.root}/good.yml`, guest, ['--confirm-timeout', '60']);
    await rule(true, '--dport 4712');
    await jump('+1 day');
    const played = await running;
    await jump('-1 day');
    expect(otherThan(played, 'changed')).toEqual([]);
    expect(await chain()).toContain('--dport 4712');
    files.put('none.yml', play('- iptables: { name: clock, chain: INPUT, state: absent }\n'));
    expect(otherThan(await playOnGuest(lab, `${files.root}/none.yml`, guest), 'changed')).toEqual([]);
  });

  it('does not let a second run in while the first holds the host, though its shell is silent', async () => {
    files.put(
      'long.yml',
      play(`- sysctl: { name: vm.swappiness, value: 34 }
- pause: { seconds: 60 }
- sysctl: { name: vm.swappiness, value: 35 }
`),
    );
    files.put('other.yml', play('- sysctl: { name: vm.swappiness, value: 36 }\n'));
    const first = playOnGuest(lab, `${files.root}/long.yml`, guest);
    await until(
      'the first run',
      120,
      async () => (await guest.sh('cat /proc/sys/vm/swappiness')) === '34\n' || undefined,
      100,
    );
    await jump('+1 day');
    const other = await playOnGuest(lab, `${files.root}/other.yml`, guest, ['--lock-timeout', '2']);
    await jump('-1 day');
    expect(other.code).toBe(2);
    expect(other.tasks.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'locked' } });
    expect((await first).code).toBe(0);
    expect(await guest.sh('cat /proc/sys/vm/swappiness')).toBe('35\n');
  });
});
