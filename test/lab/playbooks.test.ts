import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { playOn } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

const playbook = (name: string): string => fileURLToPath(new URL(`../../playbooks/${name}.yml`, import.meta.url));

describe.skipIf(noLab())('the reference playbooks', () => {
  let lab: Lab;
  let hosts: readonly Host[];
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-playbooks-'));
  const inventory = join(folder, 'kvm.yml');
  beforeAll(async () => {
    ({ lab } = await useLab());
    hosts = await lab.systemdHosts(2, { prefix: 'kvm', nics: { eth1: { segment: 'fabric' } } });
    const entries = hosts.map(({ name, address }) => `        ${name}: { vtep_ip: ${address} }\n`).join('');
    writeFileSync(
      inventory,
      `all:
  children:
    kvm:
      hosts:
${entries}      vars:
        underlay: eth0
        uplink: eth1
        management: 10.0.0.0/8
        ovs_datapath: netdev
        tenants: [{ name: blue, vni: 100, vlan: 100 }, { name: red, vni: 200, vlan: 200 }]
`,
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const host of hosts) await host.remove();
  });

  it.each([['site'], ['cloud'], ['enterprise'], ['hpc']])(
    '%s changes things once, and keeps them over a reboot',
    async (name) => {
      const play = (args: readonly string[] = []) => playOn(lab, playbook(name), hosts, ['-i', inventory, ...args]);
      const first = await play();
      expect({ code: first.code, failures: first.tasks.flatMap(({ failure }) => failure ?? []) }).toEqual({
        code: 0,
        failures: [],
      });
      for (const host of hosts) expect(first.recap(host).changed).toBeGreaterThan(0);
      const second = await play();
      expect(second.tasks.filter(({ status }) => status === 'changed')).toEqual([]);
      await Promise.all(hosts.map((host) => host.reboot()));
      const check = await play(['--check']);
      expect(check.tasks.filter(({ status }) => !['ok', 'skipped'].includes(status))).toEqual([]);
    },
  );

  it('verify finds all of it as it should be, and what is not', async () => {
    const play = () => playOn(lab, playbook('verify'), hosts, ['-i', inventory]);
    const good = await play();
    expect(good.tasks.flatMap(({ failure }) => failure ?? [])).toEqual([]);
    expect(good.code).toBe(0);
    await hosts[0]?.read(['ip', 'link', 'set', 'vxlan100', 'down']);
    await hosts[0]?.read([
      'bridge',
      'fdb',
      'del',
      '00:00:00:00:00:00',
      'dev',
      'vxlan100',
      'dst',
      hosts[1]?.address ?? '',
    ]);
    expect((await play()).code).toBe(2);
  });
});
