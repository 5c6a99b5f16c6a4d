import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, type Host, type Lab } from './index.ts';
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
        guest_switch: ovs-br0
        traffic:
          default: 30
          classes: [{ classid: '1:1', rate: 10mbit }, { classid: '1:30', parent: '1:1', rate: 1mbit, ceil: 5mbit }]
        ospf: { networks: [10.97.0.0/16] }
        ospf_neighbours: 1
        # The machine does other things beside this.
        max_rtt_ms: 1000
        max_load: 1000
        verify_patience: 60
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
    300_000,
  );

  describe('verify', () => {
    const verify = async (
      vars: object = {},
      on: readonly Host[] = hosts,
    ): Promise<{ code: number; says: readonly string[] }> => {
      const { code, tasks } = await playOn(lab, playbook('verify'), on, ['-i', inventory, '-e', JSON.stringify(vars)]);
      return { code, says: tasks.flatMap(({ failure }) => failure?.message ?? []) };
    };
    const first = (): Host => {
      const [host] = hosts;
      if (host === undefined) throw new Error('no hosts');
      return host;
    };
    const second = (): string => hosts[1]?.address ?? '';

    it('finds all of it as it should be, throughput included, and changes nothing', async () => {
      const before = await first().snapshot();
      expect(await verify({ min_mbit: 10 })).toEqual({ code: 0, says: [] });
      const leftovers = (line: string): boolean => /units . (user(@|-runtime-dir@)|session-)/.test(line);
      expect(differences(before, await first().snapshot()).filter((line) => !leftovers(line))).toEqual([]);
    });

    it.each([
      {
        what: 'throughput',
        vars: { min_mbit: 1e9 },
        says: /^1 of 1 checks failed: throughput to 10\.97\.\S+ is \d+(\.\d+)? Mbit\/s, wanted at least 1000000000 Mbit\/s$/,
      },
      {
        what: 'latency',
        vars: { max_rtt_ms: 0.0001 },
        says: /^1 of 2 checks failed: round trip to 10\.97\.\S+ with 1400 bytes in one piece is \S+ ms, wanted at most 0\.0001 ms$/,
      },
      {
        what: 'a service',
        vars: { listening_ports: [{ port: 81 }] },
        says: /^1 of 2 checks failed: nobody listens on tcp port 81$/,
      },
      {
        what: 'a controller',
        vars: { sdn_controllers: ['tcp:10.0.0.9:6653'], verify_patience: 0 },
        says: /^1 of 1 checks failed: controller of br-int: br-int has no controller$/,
      },
      {
        what: 'a neighbour',
        vars: { ospf_neighbours: ['10.255.0.9'], verify_patience: 0 },
        says: /^1 of 1 checks failed: OSPF neighbours in state Full lacks 10\.255\.0\.9, wanted 10\.255\.0\.9$/,
      },
      {
        what: 'memory',
        vars: { min_free_mb: 1e9 },
        says: /^1 of 2 checks failed: available memory is \d+ MiB, wanted at least 1000000000 MiB$/,
      },
    ])('misses $what where it is not as it was asked for', async ({ vars, says }) => {
      const seen = await verify(vars, [first()]);
      expect(seen).toEqual({ code: 2, says: [expect.stringMatching(says)] });
    });

    it('misses a host whose link is cut', async () => {
      await hosts[1]?.cut('eth0');
      try {
        expect(await verify({}, [first()])).toEqual({
          code: 2,
          says: [`1 of 1 checks failed: loss to ${second()} with 1400 bytes in one piece is 100 %, wanted at most 0 %`],
        });
      } finally {
        await hosts[1]?.uncut('eth0');
      }
      expect(await verify({}, [first()])).toEqual({ code: 0, says: [] });
    });

    it('misses a tunnel that is down, and one that does not know its other end', async () => {
      await first().read(['ip', 'link', 'set', 'vxlan100', 'down']);
      expect(await verify({}, [first()])).toEqual({
        code: 2,
        says: ['1 of 2 checks failed: up of vxlan100 is no, wanted yes'],
      });
      await first().read(['ip', 'link', 'set', 'vxlan100', 'up']);
      await first().read(['bridge', 'fdb', 'del', '00:00:00:00:00:00', 'dev', 'vxlan100', 'dst', second()]);
      expect(await verify({}, [first()])).toEqual({
        code: 2,
        says: [
          expect.stringMatching(
            new RegExp(
              `^1 of 1 checks failed: addresses behind vxlan100 lacks 00:00:00:00:00:00 at ${second()}, wanted `,
            ),
          ),
        ],
      });
    });
  });
});
