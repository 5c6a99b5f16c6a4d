import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host, Lab } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Ports of the chain and the machine that is plugged into each: its link, in its own words. */
const plugs = [
  ['vr1-out', 'vr1', 'enp2s0'],
  ['vr1-in', 'vr1', 'enp3s0'],
  ['fw1-out', 'fw1', 'enp2s0'],
  ['fw1-in', 'fw1', 'enp3s0'],
  ['lb1-front', 'lb1', 'enp2s0'],
  ['lb1-back', 'lb1', 'enp3s0'],
  ['web1-in', 'web1', 'enp2s0'],
] as const;
const names = ['kvm01', 'vr1', 'fw1', 'lb1', 'web1'] as const;

/**
 * playbooks/nfv.yml with inventories/prod. The guests are defined and started, but have no disks: emulated they would take
 * minutes to boot. What they would be inside are hosts of the lab, each plugged into the ports of its guest.
 */
describe.skipIf(noLab())('a chain of virtual network functions', () => {
  let lab: Lab;
  let hosts: readonly Host[];
  let client: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-nfv-'));
  const inventory = join(folder, 'lab.json');
  beforeAll(async () => {
    ({ lab } = await useLab());
    const nics = (n: number) =>
      n === 0
        ? Object.fromEntries([['uplink'], ...plugs].map(([segment], i) => [`eth${i + 1}`, { segment }]))
        : Object.fromEntries(
            plugs.flatMap(([segment, name, link]) => (name === names[n] ? [[link, { segment }] as const] : [])),
          );
    hosts = await lab.systemdHosts(names.length, { names, nics });
    [client] = (await lab.bareHosts(1, {
      prefix: 'client',
      nics: { eth1: { segment: 'uplink', addresses: ['198.51.100.10/24'] } },
    })) as [Host];
    const guest = (name: string, n: number) => ({
      name,
      memory: 64,
      management: { mac: `52:54:00:20:00:1${n}`, ip: `10.20.0.1${n}` },
      ports: plugs.flatMap(([port, machine], i) =>
        machine === name ? [{ name: port, mac: `52:54:00:20:01:1${i}` }] : [],
      ),
    });
    const ofLab = {
      kvm01: {
        ovs_datapath: 'netdev',
        vnf_type: 'qemu',
        vnfs: names.slice(1).map(guest),
        vnf_links: Object.fromEntries(plugs.map(([port], i) => [port, `eth${i + 2}`])),
      },
      ...Object.fromEntries(names.slice(1).map((name) => [name, { kvmnet_jump: `root@${hosts[0]?.address ?? ''}` }])),
    };
    writeFileSync(inventory, JSON.stringify({ all: { hosts: ofLab } }));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const host of [...hosts, client]) await host.remove();
  });

  const sh = (host: Host, script: string): Promise<string> => host.read(['sh', '-c', script]);
  const named = (name: (typeof names)[number]): Host => lab.host(name);
  const play = (args: readonly string[] = []): Promise<Played> =>
    // The last inventory that names a host says how it is reached: kvmnet's own argument for that of the lab comes last.
    playOn(lab, root('playbooks/nfv.yml'), hosts, ['-i', root('inventories/prod'), '-i', inventory, ...args]);
  const problems = ({ tasks, stderr }: Played) => [
    stderr,
    ...tasks.flatMap(({ host, task, failure }) =>
      failure === undefined ? [] : [`${host}, ${task}: ${failure.message}`],
    ),
  ];

  it('is made in one run, stays as it is in the next, and is there again after a reboot of everything', async () => {
    const first = await play();
    expect(problems(first)).toEqual(['']);
    expect(first.code).toBe(0);
    const second = await play();
    expect(problems(second)).toEqual(['']);
    expect(second.tasks.filter(({ status }) => status === 'changed')).toEqual([]);
    await Promise.all(hosts.map((host) => host.reboot()));
    const check = await play(['--check']);
    expect(problems(check)).toEqual(['']);
    expect(check.tasks.filter(({ status }) => !['ok', 'skipped'].includes(status))).toEqual([]);
  });
});
