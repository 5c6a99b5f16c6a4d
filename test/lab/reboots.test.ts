import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import { due, dueReader } from './due.ts';
import type { Host, Lab } from './index.ts';
import { main, playOn, type Played } from './play-on.ts';
import { until } from './process.ts';
import { noLab, useLab } from './use-lab.ts';

describe.skipIf(noLab())('reboots', () => {
  let lab: Lab;
  let hosts: readonly [Host, Host, Host];
  let host: Host;
  let files: FolderFiles;
  beforeAll(async () => {
    ({ lab } = await useLab());
    hosts = (await lab.systemdHosts(3, { prefix: 'due' })) as unknown as [Host, Host, Host];
    [host] = hosts;
    files = folderFiles();
    files.put('modules/due.ts', due);
  });
  afterAll(async () => {
    files.close();
    await Promise.all(hosts.map((one) => one.remove()));
  });
  // What one test has set does not count in the next.
  beforeEach(async () => {
    for (const one of hosts) await one.read(['sh', '-c', `rm -rf /etc/kn-due /run/kn-due; ${dueReader}`]);
  });

  const site = (tasks: string, more = '  gather_facts: false\n'): void =>
    files.put('site.yml', `- hosts: all\n${more}  tasks:\n${tasks.replaceAll(/^/gm, '    ')}\n`);
  const play = (tasks: string, args: readonly string[] = [], on: Host | readonly Host[] = host): Promise<Played> => {
    site(tasks);
    return playOn(lab, `${files.root}/site.yml`, on, args);
  };
  const statuses = ({ tasks }: Played): readonly string[] => tasks.map(({ task, status }) => `${task}: ${status}`);
  const bootIds = (): readonly string[] => hosts.map((one) => one.bootId());

  const two =
    '- { name: huge, due: { name: pages, value: "8" } }\n- { name: iommu, due: { name: iommu, value: "pt" } }';

  it('wait: what asks for one is collected by host, and every report shows it', async () => {
    const first = await play(two);
    expect(first.code).toBe(0);
    expect(statuses(first)).toEqual(['huge: changed', 'iommu: changed']);
    expect(first.recap(host)).toMatchObject({ reboots: 0, reboot_pending: 2, failed: 0 });
    expect(first.events.at(-1)).toMatchObject({
      type: 'recap',
      pending: {
        [host.name]: [
          { task: 'huge', path: 'running', reason: 'pages is still ""' },
          { task: 'iommu', path: 'running', reason: 'iommu is still ""' },
        ],
      },
    });
    // What waits is no change, however often it is asked for.
    const reports = ['lines', 'junit'].flatMap((name) => ['--report', `${name}:${files.root}/${name}`]);
    const again = await play(two, reports);
    expect(again.recap(host)).toMatchObject({ ok: 2, changed: 0, reboot_pending: 2, round_trips: 1 });
    const lines = readFileSync(join(files.root, 'lines'), 'utf8');
    expect(lines).toMatch(/reboot pending[^]*\nwaiting for a reboot:\n/);
    expect(lines).toContain(`  ${host.name}: huge: running: pages is still ""\n`);
    expect(lines).toContain(`  ${host.name}: iommu: running: iommu is still ""\n`);
    expect(readFileSync(join(files.root, 'junit'), 'utf8')).toContain('needs a reboot: running: pages is still');
  });

  it('happen once for all reasons, and each reason is looked at again', async () => {
    const before = host.bootId();
    const tasks = `${two}\n- { name: late, due: { name: late, value: x } }\n- reboot: {}\n- due: { name: pages, value: "8" }\n- reboot: {}`;
    const first = await play(tasks);
    expect(statuses(first)).toEqual([
      'huge: changed',
      'iommu: changed',
      'late: changed',
      'reboot: changed',
      'due: ok',
      'reboot: ok',
    ]);
    expect(first.recap(host)).toMatchObject({ reboots: 1, reboot_pending: 0 });
    expect(host.bootId()).not.toBe(before);
    const reboot = first.tasks.find(({ module }) => module === 'reboot');
    expect(reboot?.result).toMatchObject({
      rebooted: true,
      reasons: ['pages is still "" (huge)', 'iommu is still "" (iommu)', 'late is still "" (late)'],
    });
    const second = await play(tasks);
    expect(second.recap(host)).toMatchObject({ ok: 6, changed: 0, reboots: 0 });
  });

  it('are given the time that services take to start', async () => {
    const slow = `sed -i 's|^ExecStart=|ExecStart=/bin/sleep 3\\nExecStart=|' /etc/systemd/system/kn-due.service`;
    await host.read(['sh', '-c', slow]);
    const played = await play(`${two}\n- reboot: {}`);
    expect(played.tasks.at(-1)).toMatchObject({ status: 'changed' });
    expect(played.recap(host)).toMatchObject({ reboots: 1, reboot_pending: 0 });
  });

  it('are left alone with --reboot never, with ask where there is nobody to ask, and in check mode', async () => {
    const before = host.bootId();
    const never = await play(`${two}\n- reboot: {}`, ['--reboot', 'never']);
    expect(never.tasks.at(-1)).toMatchObject({ status: 'ok', text: expect.stringContaining('--reboot never') });
    const ask = await play(`${two}\n- reboot: {}`, ['--reboot', 'ask']);
    expect(ask.tasks.at(-1)).toMatchObject({ status: 'ok', text: expect.stringContaining('nobody to ask') });
    const check = await play(`${two}\n- reboot: {}`, ['--check']);
    expect(check.tasks.at(-1)).toMatchObject({ status: 'would-change' });
    for (const { recap } of [never, ask, check]) expect(recap(host)).toMatchObject({ reboots: 0, reboot_pending: 2 });
    expect(host.bootId()).toBe(before);
  });

  it('are asked for at a terminal with --reboot ask', async () => {
    site(`${two}\n- reboot: {}`);
    const before = host.bootId();
    const argv = [process.execPath, main, 'play', `${files.root}/site.yml`, '-i', lab.inventoryPath, '-l', host.name];
    const typed = async (answer: string): Promise<{ readonly code: unknown; readonly shown: string }> => {
      const terminal = lab.spawn(['script', '-qefc', [...argv, '--reboot ask'].join(' '), '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let shown = '';
      terminal.stdout?.on('data', (chunk: Buffer) => {
        if (!shown.includes('[y/N]') && (shown + chunk.toString()).includes('[y/N]'))
          terminal.stdin?.write(`${answer}\n`);
        shown += chunk.toString();
      });
      const [code] = (await once(terminal, 'close')) as readonly unknown[];
      return { code, shown };
    };
    const no = await typed('n');
    expect(no.shown).toMatch(/Reboot due\d+\? pages is still .* \(iommu\) \[y\/N\]/);
    expect(host.bootId()).toBe(before);
    const yes = await typed('y');
    expect(yes).toMatchObject({
      code: 0,
      shown: expect.stringContaining('rebooted in'),
    });
    expect(host.bootId()).not.toBe(before);
  });

  it('are announced to who is logged in', async () => {
    const ssh = ['ssh', '-tt', '-F', lab.sshConfigPath, '--', host.name];
    const session = lab.spawn(ssh, { stdio: ['pipe', 'pipe', 'pipe'] });
    let seen = '';
    session.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await until('the login', 30, async () => (await host.read(['who'])) !== '' || undefined);
    await play('- reboot: { force: true, message: "new pages are due", pre_reboot_delay: 2 }');
    if (session.exitCode === null) await once(session, 'close');
    expect(seen).toContain('new pages are due');
  });

  it('do not happen where a command before fails, and fail where one after does', async () => {
    const before = host.bootId();
    const pre = await play('- reboot: { force: true, pre: ["true", "echo no >&2; exit 3"] }');
    expect(pre.tasks[0]?.failure?.message).toBe('not rebooted: before it, "echo no >&2; exit 3" ended with 3: no');
    expect(host.bootId()).toBe(before);
    const post = await play('- reboot: { force: true, post: "exit 4" }');
    expect(post.tasks[0]?.failure?.message).toBe('rebooted, but after it, "exit 4" ended with 4');
    expect(post.recap(host)).toMatchObject({ reboots: 1, failed: 1 });
  });

  it('roll through the batches, and stop with the first host that they bring nothing', async () => {
    await hosts[1].read(['systemctl', '--quiet', 'disable', 'kn-due']);
    const before = bootIds();
    site(`${two}\n- reboot: {}`, '  gather_facts: false\n  serial: 1\n  max_fail_percentage: 0\n');
    const played = await playOn(lab, `${files.root}/site.yml`, hosts);
    expect(played.code).toBe(2);
    const failed = played.tasks.find(({ status }) => status === 'failed');
    expect(failed?.failure).toMatchObject({
      message: 'configured but not effective after the reboot: pages is still "" (huge); iommu is still "" (iommu)',
      hint: 'kn-due.service does not run at boot',
    });
    expect(bootIds().map((id, index) => id === before[index])).toEqual([false, false, true]);
    expect(played.recap(hosts[0])).toMatchObject({ reboots: 1, failed: 0 });
    expect(played.recap(hosts[1])).toMatchObject({ reboots: 1, failed: 1, reboot_pending: 2 });
    // The first was back before the second was touched, and nobody came to the third.
    const order = played.tasks.map((task) => `${task.host} ${task.module}`);
    const [one, other] = [hosts[0].name, hosts[1].name];
    expect(order).toEqual([one, other].flatMap((name) => [`${name} due`, `${name} due`, `${name} reboot`]));
  });

  it('go on with the next batch where some may fail', async () => {
    await host.read(['systemctl', '--quiet', 'disable', 'kn-due']);
    site(`${two}\n- reboot: {}`, '  gather_facts: false\n  serial: 2\n  max_fail_percentage: 50\n');
    const played = await playOn(lab, `${files.root}/site.yml`, hosts);
    expect(hosts.map((one) => played.recap(one).reboots)).toEqual([1, 1, 1]);
    expect(hosts.map((one) => played.recap(one).failed)).toEqual([1, 0, 0]);
  });

  it('are brought to their end by the next run, when the controller has died in between', async () => {
    site(`${two}\n- reboot: {}\n- command: cat /run/kn-due/pages`);
    const before = host.bootId();
    const argv = [process.execPath, main, 'play', `${files.root}/site.yml`, '-i', lab.inventoryPath, '-l', host.name];
    const run = lab.spawn([...argv, '--report', 'jsonl'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    run.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('the host to be down', 60, () => (/"text":"rebooting, /.test(said) ? true : undefined));
    run.kill('SIGKILL');
    if (run.exitCode === null && run.signalCode === null) await once(run, 'close');
    await host.waitUp({ notBootId: before });
    const rebooted = host.bootId();
    const again = await playOn(lab, `${files.root}/site.yml`, host);
    expect(again.code).toBe(0);
    expect(statuses(again)).toEqual(['huge: ok', 'iommu: ok', 'reboot: ok', 'command: changed']);
    expect(again.recap(host)).toMatchObject({ reboots: 0, reboot_pending: 0 });
    expect(host.bootId()).toBe(rebooted);
  });

  it('are noticed when nobody has asked for them: nothing of before counts', async () => {
    site(
      [
        '- name: one\n  due: { name: pages, value: "9" }',
        '- name: two\n  copy: { dest: /run/kn-seen, content: x }',
        '- name: go\n  shell: touch /run/kn-go\n  changed_when: false',
        '- name: stay\n  pause: { seconds: 6 }',
        '- name: three\n  copy: { dest: /run/kn-seen, content: x }',
        '- name: boot\n  assert: { that: facts.boot_id != old }',
        '- name: four\n  due: { name: pages, value: "9" }',
        '- reboot: {}',
      ].join('\n'),
      '',
    );
    const running = playOn(lab, `${files.root}/site.yml`, host, ['-e', `old=${host.bootId()}`]);
    const paused = async (): Promise<true | undefined> =>
      (await host.outside(['test', '-e', '/run/kn-go'])).code === 0 || undefined;
    await until('the pause', 60, paused);
    await host.reboot();
    const played = await running;
    expect(statuses(played)).toEqual([
      'one: changed',
      'two: changed',
      'go: ok',
      'stay: ok',
      'three: changed',
      'boot: ok',
      'four: ok',
      'reboot: ok',
    ]);
    expect(played.recap(host)).toMatchObject({ reboots: 1, reboot_pending: 0 });
  });

  it('are written as the documentation shows it', async () => {
    const page = readFileSync(new URL('../../docs/reboots.md', import.meta.url), 'utf8');
    const example = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
    files.put('documented.yml', example.replace('hosts: kvm', 'hosts: all'));
    const checked = await playOn(lab, `${files.root}/documented.yml`, host, ['--syntax-check']);
    expect({ code: checked.code, stderr: checked.stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('end in time where a host does not come back, with what was seen last, and nobody comes to the next one', async () => {
    const [one, dead, next] = hosts;
    // It starts, and nothing in it does.
    await dead.read(['sh', '-c', 'printf "#!/bin/sh\\nexec sleep 7400\\n" >/usr/lib/kvmnet-lab/init']);
    const before = next.bootId();
    const timeout = `!expr 'inventory_hostname == "${dead.name}" ? 6 : 600'`;
    const tasks = `- reboot: { force: true, timeout: ${timeout}, connect_timeout: 2 }\n- name: after\n  ping: {}`;
    site(tasks, '  gather_facts: false\n  serial: 1\n  max_fail_percentage: 0\n');
    const played = await playOn(lab, `${files.root}/site.yml`, hosts);
    expect(played.code).toBe(2);
    expect(played.tasks.map(({ host: name, module, status }) => `${name} ${module}: ${status}`)).toEqual([
      `${one.name} reboot: changed`,
      `${one.name} ping: ok`,
      `${dead.name} reboot: failed`,
    ]);
    expect(played.tasks.at(-1)?.failure).toMatchObject({
      message: expect.stringMatching(/^not back within 6 s: \S+/),
      hint: 'look at its console',
    });
    expect(played.recap(dead)).toMatchObject({ reboots: 0, failed: 1 });
    expect(next.bootId()).toBe(before);
  });
});
