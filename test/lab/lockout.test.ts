import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pLimit from 'p-limit';
import { differences, type Host, type Lab, type Snapshot } from './index.ts';
import { playOn, type Played } from './play-on.ts';
import { noLab, useLab } from './use-lab.ts';
import { until } from './process.ts';
import { HUB_ADDRESS } from './wiring.ts';

// Seconds. Long enough for all hosts to be asked at once, on a machine that does other things as well.
const window = 10;

const noConnection = `no new connection could be made within ${window} s; the host has taken the change back`;

interface Case {
  readonly what: string;
  readonly tasks: string;
  readonly crossing: string;
}

const cases: readonly Case[] = [
  {
    what: 'INPUT with policy DROP and no rule for SSH',
    tasks: '- iptables: { chain: INPUT, policy: DROP, rules: ["-i lo -j ACCEPT"] }',
    crossing: 'chain filter/INPUT',
  },
  { what: 'the link of the session down', tasks: '- link: { name: eth0, up: no }', crossing: 'interface eth0' },
  {
    what: 'a wrong address',
    tasks: '- link: { name: eth0, addresses: [10.98.0.1/24], exact_addresses: yes }',
    crossing: 'address ADDRESS/16',
  },
  {
    what: 'a bridge that swallows the uplink',
    // Without spanning tree Linux may still answer for the address on the port, over the bridge.
    tasks: '- bridge: { name: br-oops, ports: [eth0], stp: yes }',
    crossing: 'interface eth0',
  },
  {
    what: 'a wrong route',
    tasks: `- link: { name: eth0, routes: [{ to: ${HUB_ADDRESS}/32, via: 10.97.255.1 }] }`,
    crossing: `route ${HUB_ADDRESS}`,
  },
  {
    what: 'keys of others only',
    tasks: '- copy: { dest: /etc/ssh/lab_authorized_keys, content: "# nobody\\n" }',
    crossing: 'file /etc/ssh/lab_authorized_keys',
  },
];

// What logging in and out leaves running for a moment is no change, nor is what is kept for `kvmnet undo`.
const noise = /units . (user(@|-runtime-dir@)|session-)|\/var\/lib\/kvmnet(\/undo|$)/;

describe.skipIf(noLab())('nobody is locked out', () => {
  let lab: Lab;
  let bare: readonly Host[];
  let systemd: readonly Host[];
  let before: ReadonlyMap<string, Snapshot>;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-lockout-'));
  const fewAtOnce = pLimit(4);
  const all = (): readonly Host[] => [...bare, ...systemd];
  const onEach = async <T>(hosts: readonly Host[], work: (host: Host) => Promise<T>): Promise<readonly T[]> =>
    await Promise.all(hosts.map((host) => fewAtOnce(() => work(host))));

  beforeAll(async () => {
    ({ lab } = await useLab());
    bare = await lab.bareHosts(20, { prefix: 'lockb' });
    systemd = await lab.systemdHosts(5, { prefix: 'locks' });
    // sshd answers a moment before networkd is done.
    await onEach(systemd, async (host) => {
      const configured = async () =>
        (await host.outside(['ip', 'route', 'show', 'default'])).stdout !== '' || undefined;
      await until(`${host.name} to have its routes`, 30, configured);
    });
    before = new Map(await onEach(all(), async (host) => [host.name, await host.snapshot()] as const));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await onEach(all(), (host) => host.remove());
  });

  let files = 0;
  const play = (text: string, hosts: readonly Host[], args: readonly string[] = []): Promise<Played> => {
    const file = join(folder, `site${files++}.yml`);
    writeFileSync(file, `- hosts: all\n  tasks:\n${text.replace(/^/gm, '    ')}\n`);
    return playOn(lab, file, hosts, ['-f', '50', '--confirm-timeout', `${window}`, ...args]);
  };

  const reachable = async (hosts: readonly Host[]): Promise<void> => {
    const codes = await onEach(hosts, async (host) => (await lab.ssh(host, 'true')).code);
    expect(codes).toEqual(hosts.map(() => 0));
  };

  const changed = (hosts: readonly Host[]): Promise<readonly (readonly string[])[]> =>
    onEach(hosts, async (host) => {
      const was = before.get(host.name) ?? {};
      return differences(was, await host.snapshot()).filter((line) => !noise.test(line));
    });

  it.each(cases)('by $what', async ({ tasks, crossing }) => {
    const played = await play(tasks, all());
    const told = new Map(played.tasks.map((task) => [task.host, { status: task.status, failure: task.failure }]));
    for (const host of all()) {
      const touched = crossing.replace('ADDRESS', host.address);
      expect({ host: host.name, ...told.get(host.name) }).toMatchObject({
        host: host.name,
        status: 'failed',
        failure: {
          code: 'taken-back',
          message: noConnection,
          hint: expect.stringContaining(`it touched the path of this session: ${touched}`) as string,
        },
      });
    }
    expect(played.code).toBe(2);
    await reachable(all());
  });

  it('and all of them are as they were before', async () => {
    expect(await changed(all())).toEqual(all().map(() => []));
  });
});
