import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderFiles, type FolderFiles } from '../../src/sdk/testing/folder-files.ts';
import { apply } from '../../src/sdk/testing/apply.ts';
import type { Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { service } from '../../modules/service/index.ts';
import { hostSandbox } from './conformance/host-sandbox.ts';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

const unit = (name: string, body: string): string =>
  `printf '%s\\n' ${['[Service]', ...body.split('\n'), '[Install]', 'WantedBy=multi-user.target'].map((line) => `'${line}'`).join(' ')} >/etc/systemd/system/${name}.service`;

describe.skipIf(noLab())('services and reboots of a real systemd', () => {
  let lab: Lab;
  let host: Host;
  let sandbox: Sandbox;
  let files: FolderFiles;
  beforeAll(async () => {
    ({ lab } = await useLab());
    [host] = (await lab.systemdHosts(1, { prefix: 'boots' })) as [Host];
    sandbox = hostSandbox(host);
    files = folderFiles();
    sandbox.look(
      [
        unit('kn-good', 'ExecStart=/bin/sleep infinity'),
        unit('kn-dies', `ExecStart=/bin/sh -c "sleep 0.2; echo the reason >&2; exit 4"`),
        unit('kn-loops', `ExecStart=/bin/sh -c "sleep 0.2; exit 3"\nRestart=always\nRestartSec=100ms`),
      ].join('\n'),
    );
  });
  afterAll(async () => {
    files.close();
    await host.remove();
  });
  const go = (params: object) => apply(service, params, sandbox);
  const play = (tasks: string, args: readonly string[] = []): Promise<Played> => {
    files.put('site.yml', `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.replaceAll(/^/gm, '    ')}\n`);
    return playOn(lab, `${files.root}/site.yml`, host, args);
  };

  it('starts, enables, reads a changed unit file, and takes it back', () => {
    const first = go({ name: 'kn-good', state: 'started', enabled: true, settle: 0.1 });
    expect(first.left).toEqual([]);
    expect(sandbox.look('systemctl is-enabled kn-good; systemctl is-active kn-good')).toBe('enabled\nactive\n');
    expect(go({ name: 'kn-good', state: 'started', enabled: true }).changes).toEqual([]);
    sandbox.look(unit('kn-good', 'ExecStart=/bin/sleep infinity\nEnvironment=A=1'));
    expect(go({ name: 'kn-good', daemon_reload: true })).toMatchObject({ changes: [{ path: 'stale' }], left: [] });
    first.undo();
    expect(sandbox.run('systemctl is-enabled kn-good; systemctl is-active kn-good').stdout).toBe(
      'disabled\ninactive\n',
    );
  });

  it('sees services that do not stay up', () => {
    expect(() => go({ name: 'kn-dies', state: 'started' })).toThrow(
      /the reason[^]*kn-dies.service did not stay up for 1 s: exit-code, status 4/,
    );
    expect(() => go({ name: 'kn-loops', state: 'started' })).toThrow('it ended, and systemd has started it again');
    expect(go({ name: 'kn-loops', state: 'stopped' }).left).toEqual([]);
  });

  it('masks, and starts a masked one only when told to unmask it', () => {
    expect(go({ name: 'libvirtd.socket', masked: true }).left).toEqual([]);
    expect(() => go({ name: 'libvirtd.socket', state: 'started' })).toThrow('libvirtd.socket is masked');
    expect(go({ name: 'libvirtd.socket', state: 'started', masked: false }).left).toEqual([]);
    expect(go({ name: 'libvirtd.socket', state: 'stopped' }).left).toEqual([]);
  });

  it('knows a service by its alias, and restarts it', async () => {
    expect(go({ name: 'sshd', state: 'started', enabled: true }).changes).toEqual([]);
    const pid = async () => (await host.read(['systemctl', 'show', '-p', 'MainPID', 'ssh'])).trim();
    const before = await pid();
    const { tasks, code } = await play('- service: { name: sshd, state: restarted }\n- ping: {}');
    expect([code, tasks.map(({ status }) => status)]).toEqual([0, ['changed', 'ok']]);
    expect(await pid()).not.toBe(before);
  });

  it('reboots only where it is due, and is back with another boot and what was kept', async () => {
    const before = host.bootId();
    const idle = await play('- reboot: {}');
    expect(idle.recap(host)).toMatchObject({ changed: 0, reboots: 0, round_trips: 0 });
    const never = await play('- reboot: { force: true }', ['--reboot', 'never']);
    expect(never.recap(host)).toMatchObject({ ok: 1, reboots: 0 });
    expect(host.bootId()).toBe(before);

    const { code, recap, tasks } = await play(
      [
        '- sysctl: { name: net.ipv4.ip_forward, value: 1 }',
        '- reboot: { force: true, timeout: 120, pre: "echo $((40 + 2)) >/root/pre", post: ["grep -qx 42 /root/pre"] }',
        '- command: cat /proc/sys/net/ipv4/ip_forward',
        '  register: forward',
        '- assert: { that: forward.stdout == "1" }',
        '- sysctl: { name: net.ipv4.ip_forward, value: 1 }',
      ].join('\n'),
    );
    expect([code, tasks.map(({ status }) => status)]).toEqual([0, ['changed', 'changed', 'changed', 'ok', 'ok']]);
    expect(recap(host).reboots).toBe(1);
    expect(host.bootId()).not.toBe(before);
  });

  it('does not reboot over a virtual machine that runs', async () => {
    const before = host.bootId();
    // What libvirt leaves of a running guest; its daemon is off.
    await host.read(['sh', '-c', 'mkdir -p /run/libvirt/qemu; : >/run/libvirt/qemu/web1.xml']);
    const { code, stdout } = await play('- reboot: { force: true }');
    expect(code).toBe(2);
    expect(stdout).toContain('not rebooted: a virtual machine runs on it: web1');
    expect(host.bootId()).toBe(before);
    await host.read(['rm', '/run/libvirt/qemu/web1.xml']);
  });
});
