import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, type Host, type Lab, type Snapshot } from './index.ts';
import { startPlay } from './background.ts';
import { openVSwitch, repository } from './conformance/setups.ts';
import { kvmnetOn, playOn, type Played } from './play-on.ts';
import { until } from './process.ts';
import { noLab, useLab } from './use-lab.ts';

const site = fileURLToPath(new URL('../../playbooks/site.yml', import.meta.url));

/** What a login leaves for a moment, and what an undo itself keeps, are no changes. */
const noise = /units . (user(@|-runtime-dir@)|session-)|\/var\/lib\/kvmnet/;
const changed = (before: Snapshot, after: Snapshot): readonly string[] =>
  differences(before, after).filter((line) => !noise.test(line));

const runOf = ({ events }: Pick<Played, 'events'>): string => {
  const run = events.find((event) => event.type === 'run');
  if (run === undefined) throw new Error('nothing was run');
  return run.id;
};

const failures = ({ tasks }: Played): readonly string[] =>
  tasks.flatMap(({ host, task, failure }) => (failure === undefined ? [] : [`${host}: ${task}: ${failure.message}`]));

describe.skipIf(noLab())('kvmnet undo', () => {
  let lab: Lab;
  let hosts: readonly Host[];
  let bare: Host;
  const folder = mkdtempSync(join(tmpdir(), 'kvmnet-undo-'));
  const runs = join(folder, 'runs');
  beforeAll(async () => {
    ({ lab } = await useLab());
    hosts = await lab.systemdHosts(2, { prefix: 'undo', nics: { eth1: { segment: 'undo' } } });
    [bare] = (await lab.bareHosts(1, { prefix: 'undob' })) as [Host];
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const host of [...hosts, bare]) await host.remove();
  });

  const play = (file: string, on: Host | readonly Host[], args: readonly string[] = []): Promise<Played> =>
    playOn(lab, file, on, ['--runs-dir', runs, ...args]);
  const undo = (run: string, args: readonly string[] = []): Promise<Played> =>
    kvmnetOn(lab, ['undo', run, '--runs-dir', runs, ...args]);
  const history = async (...args: readonly string[]): Promise<string> => {
    const main = [process.execPath, process.env['KVMNET_MAIN'] ?? 'dist/src/cli/main.js'];
    return (await lab.run([...main, 'history', ...args, '--runs-dir', runs])).stdout;
  };
  const playText = (text: string, args: readonly string[] = []): Promise<Played> => {
    const file = join(folder, 'site.yml');
    writeFileSync(file, `- hosts: all\n  gather_facts: false\n  tasks:\n${text}`);
    return play(file, bare, args);
  };

  it('takes all of site.yml back on every host, also for the next boot', async () => {
    const inventory = join(folder, 'kvm.yml');
    const tenants = '[{ name: blue, vni: 100 }, { name: red, vni: 200 }]';
    writeFileSync(
      inventory,
      `all:
  children:
    kvm:
      hosts:
${hosts.map(({ name, address }) => `        ${name}: { vtep_ip: ${address} }\n`).join('')}      vars:
        { underlay: eth0, uplink: eth1, management: 10.0.0.0/8, ovs_datapath: netdev, tenants: ${tenants} }
`,
    );
    const before = await Promise.all(hosts.map((host) => host.snapshot()));
    const played = await play(site, hosts, ['-i', inventory]);
    expect(failures(played)).toEqual([]);
    const run = runOf(played);
    const between = await Promise.all(hosts.map((host) => host.snapshot()));
    for (const [index, host] of hosts.entries()) {
      expect(played.recap(host).changed).toBeGreaterThan(5);
      expect(changed(before[index] ?? {}, between[index] ?? {})).not.toEqual([]);
    }

    const checked = await undo(run, ['--check', '--diff']);
    expect(failures(checked)).toEqual([]);
    expect(checked.tasks.filter(({ status }) => status === 'would-change').length).toBeGreaterThan(5);
    for (const [index, host] of hosts.entries()) {
      expect(differences(between[index] ?? {}, await host.snapshot()).filter((line) => !/units/.test(line))).toEqual(
        [],
      );
    }

    const undone = await undo(run);
    expect({ failures: failures(undone), code: undone.code }).toEqual({ failures: [], code: 0 });
    for (const [index, host] of hosts.entries()) {
      expect(changed(before[index] ?? {}, await host.snapshot())).toEqual([]);
      expect(await host.read(['ls', '-A', '/etc/systemd/system'])).not.toContain('kvmnet');
    }
    expect(await history()).toMatch(new RegExp(`^${run} .* undone$`, 'm'));

    await Promise.all(hosts.map((host) => host.reboot()));
    for (const [index, host] of hosts.entries()) {
      expect(changed(before[index] ?? {}, await host.snapshot())).toEqual([]);
    }
    // And back again: an undo is a run like others.
    const again = await undo(runOf(undone));
    expect({ failures: failures(again), code: again.code }).toEqual({ failures: [], code: 0 });
    const converged = await play(site, hosts, ['-i', inventory, '--check']);
    expect(converged.tasks.filter(({ status }) => !['ok', 'skipped'].includes(status))).toEqual([]);
  });

  it('refuses a host that has moved on, says what differs, and goes on with --force', async () => {
    await bare.read(['sh', '-c', 'echo one >/etc/undo-a; echo one >/etc/undo-b; chmod 0640 /etc/undo-a']);
    const played = await playText(
      '    - copy: { dest: /etc/undo-a, content: "two" }\n    - copy: { dest: /etc/undo-b, content: "two" }\n',
    );
    const run = runOf(played);
    await bare.read(['sh', '-c', 'chmod 0600 /etc/undo-b']);
    await bare.read(['sh', '-c', 'echo three >/etc/undo-a']);
    const refused = await undo(run);
    expect(refused.code).toBe(2);
    expect(failures(refused)).toEqual([
      expect.stringMatching(
        /^undob01: copy: the host has moved on: sha256 is "[0-9a-f]{64}", and the run had left "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"$/,
      ),
    ]);
    expect(refused.tasks.find(({ status }) => status === 'failed')?.failure?.hint).toBe(
      'look at who has changed it since; --force takes it back all the same',
    );
    expect(refused.tasks.find(({ status }) => status === 'skipped')?.warnings).toEqual([
      'not undone: something else of this host cannot be',
    ]);
    expect(await bare.read(['cat', '/etc/undo-a', '/etc/undo-b'])).toBe('three\ntwo');
    expect(await history()).toMatch(new RegExp(`^${run} .* finished$`, 'm'));

    const forced = await undo(run, ['--force']);
    expect({ failures: failures(forced), code: forced.code }).toEqual({ failures: [], code: 0 });
    // What the run had nothing to do with stays as somebody else has made it.
    expect(await bare.read(['sh', '-c', 'cat /etc/undo-[ab]; stat -c %a /etc/undo-[ab]'])).toBe('one\none\n640\n600\n');
  });

  /** Tasks of one run that have to do with one another. All of them go back, without --force, and check mode knows it. */
  const chains: Readonly<Record<string, { readonly tasks: string; readonly setup?: string; readonly look: string }>> = {
    'the same link twice': {
      tasks: '- link: { name: eth0, alias: one }\n- link: { name: eth0, alias: two }',
      look: 'ip link show eth0',
    },
    'a route on the link itself': {
      tasks: '- link: { name: eth0, routes: [{ to: 10.76.0.0/16 }, { to: 10.75.0.0/16, via: 10.97.255.254 }] }',
      look: 'ip route',
    },
    'the same file, by three modules': {
      tasks: `- copy: { dest: /etc/undo-i, content: "a\\n", mode: "0644" }
- line_in_file: { path: /etc/undo-i, line: b }
- line_in_file: { path: /etc/undo-i, line: c }
- file: { path: /etc/undo-i, mode: "0600", owner: auto }`,
      look: 'stat -c "%A %U" /etc/undo-i; cat /etc/undo-i',
      setup: 'echo old >/etc/undo-i; chmod 640 /etc/undo-i',
    },
    'one sysctl in two tasks': {
      tasks: `- sysctl: { settings: { net.ipv4.ip_forward: 1 } }
- sysctl: { settings: { net.ipv4.ip_forward: 0, net.ipv4.conf.all.log_martians: 1 } }
- sysctl: { settings: { net.ipv4.ip_forward: 1 } }`,
      look: 'sysctl net.ipv4.ip_forward net.ipv4.conf.all.log_martians; ls /etc/sysctl.d',
    },
    'chains of a firewall, one from the other': {
      tasks: `- iptables: { chain: UNDO, rules: ["-s 192.0.2.1/32 -j DROP"] }
- iptables: { chain: FORWARD, rules: ["-j UNDO"] }
- iptables: { chain: UNDO, rules: ["-s 192.0.2.2/32 -j DROP"] }
- iptables: { chain: FORWARD, policy: DROP, rules: ["-i lo -j UNDO", "-j UNDO"] }`,
      setup: 'iptables -N UNDO',
      look: 'iptables-save | grep -v "^[#]" | sed "s/ \\[.*//"',
    },
    'a bridge with what others put into it': {
      tasks: `- bridge: { name: br-undo, ports: [undo0] }
- link: { name: undo1, master: br-undo, up: yes }
- vxlan: { name: vx-undo, vni: 7, local: "{{ kvmnet_host }}", dev: eth0, remotes: [], bridge: br-undo }
- link: { name: br-undo, addresses: [10.77.0.1/24], routes: [{ to: 10.78.0.0/16, via: 10.77.0.9 }], mtu: 1400 }
- bridge: { name: br-undo, ports: [undo0], addresses: [10.77.1.1/24] }
- tc_htb: { dev: br-undo, default: 10, classes: [{ classid: "1:10", rate: 10mbit }] }`,
      setup: 'ip link del undo0 2>/dev/null; ip link add undo0 type veth peer name undo1',
      // Without addresses and numbers: those of a link that is made again are new.
      look: `ip -br link | sed 's/ *[0-9a-f:]*:.*//' | sort; bridge link | cut -d: -f2- | sort; ip route`,
    },
    'a package, then its newest version, and its file': {
      tasks: `- package: { name: kvmnet-undo=1.0 }
- package: { name: kvmnet-undo, state: latest }
- file: { path: /etc/undo-j, state: directory }
- copy: { dest: /etc/undo-j/conf, content: "x" }
- file: { path: /etc/undo-j/link, src: conf, state: link }`,
      setup: `${repository}\ndeb kvmnet-undo 1.0; deb kvmnet-undo 1.1; publish; apt-get -qq update`,
      look: 'dpkg -l kvmnet-undo 2>&1 | tail -1; ls -R /etc/undo-j 2>&1',
    },
    'ports and flows of an Open vSwitch': {
      tasks: `- ovs_bridge: { name: br-ovs-undo, datapath_type: netdev }
- ovs_port: { bridge: br-ovs-undo, name: undo-p1, type: internal }
- ovs_port: { bridge: br-ovs-undo, name: undo-p1, tag: 7 }
- ovs_bridge: { name: br-ovs-undo, fail_mode: secure }
- link: { name: undo-p1, up: yes, addresses: [10.79.0.1/24] }
- ovs_flows: { bridge: br-ovs-undo, flows: ["in_port=undo-p1,actions=NORMAL"] }`,
      setup: openVSwitch,
      // Sorted: what ovs-vsctl lists stands in the order of random UUIDs.
      look: `for of in bridge:name,datapath_type,fail_mode port:name,tag interface:name,type
do ovs-vsctl --format=csv --no-heading --columns="\${of#*:}" list "\${of%%:*}" | sort; done
ovs-vsctl list-ports br-ovs-undo; ovs-ofctl dump-flows br-ovs-undo 2>/dev/null | grep -c NORMAL; ip -br link | grep -c undo-p`,
    },
  };

  it.each(Object.entries(chains))(
    'takes back what depends on one another: %s',
    async (_name, chain) => {
      await bare.read(['sh', '-c', chain.setup ?? ':']);
      const look = () => bare.read(['sh', '-c', `${chain.look} || :`]);
      const [before, shown] = [await bare.snapshot(), await look()];
      const played = await playText(`${chain.tasks.replace(/^/gm, '    ')}\n`);
      expect({ failures: failures(played), code: played.code }).toEqual({ failures: [], code: 0 });
      const [between, left] = [await bare.snapshot(), await look()];
      const checked = await undo(runOf(played), ['--check']);
      expect({ failures: failures(checked), code: checked.code }).toEqual({ failures: [], code: 0 });
      const undone = await undo(runOf(played));
      expect({ failures: failures(undone), code: undone.code }).toEqual({ failures: [], code: 0 });
      expect({ look: await look(), changed: changed(before, await bare.snapshot()) }).toEqual({
        look: shown,
        changed: [],
      });
      const again = await undo(runOf(undone));
      expect({ failures: failures(again), code: again.code }).toEqual({ failures: [], code: 0 });
      // Where the kernel notes a bridge's own address depends on which port came first.
      const differing = changed(between, await bare.snapshot()).filter((line) => !line.startsWith('fdb'));
      expect({ look: await look(), changed: differing }).toEqual({
        look: left,
        changed: [],
      });
      expect((await undo(runOf(again))).code).toBe(0);
    },
    300_000,
  );

  it('lists what cannot be undone, with the reason', async () => {
    const played = await playText(
      '    - { name: who knows, shell: "echo x >>/srv/undo-shell" }\n    - copy: { dest: /srv/undo-c, content: c }\n',
    );
    const undone = await undo(runOf(played));
    expect(undone.code).toBe(0);
    expect(undone.tasks.map(({ task, status, warnings }) => [task, status, warnings])).toEqual([
      ['copy', 'changed', undefined],
      ['who knows', 'skipped', ['cannot be undone: shell is an action: what it does is not known']],
    ]);
    const shown = await history(runOf(played).slice(0, -1));
    expect(shown).toContain('who knows\nundob01    warning: cannot be undone: shell is an action');
    expect(await bare.read(['sh', '-c', 'ls /srv; rm /srv/undo-shell'])).toBe('undo-shell\n');
  });

  it('takes back what a controller had done that was killed, from half way too', async () => {
    const running = startPlay(
      lab,
      bare,
      `- hosts: all
  gather_facts: false
  tasks:
    - copy: { dest: /etc/undo-d, content: d }
    - { name: never ends, copy: { dest: /etc/undo-e, content: e, validate: "sh -c 'sleep 7306' %s" } }
    - copy: { dest: /etc/undo-f, content: f }
`,
      { args: ['--runs-dir', runs] },
    );
    await until(
      'the validation',
      60,
      async () => (await bare.outside(['pgrep', '-f', '^sleep 7306'])).code === 0 || undefined,
    );
    running.kill('SIGKILL');
    await running.ended;
    // What is at work on the host has the lock until it is done.
    await bare.outside(['pkill', '-f', '^sleep 7306']);
    const shown = await history('last');
    const [, run = ''] = /^run +(\S+), interrupted$/m.exec(shown) ?? [];
    expect(shown).toContain('the run ended while this was being done: how far it came is not known');
    expect(shown).toContain('the run has not come to its end');
    const lines = readFileSync(join(runs, run, 'journal.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'intent', task: 'never ends' });

    const undone = await undo(run);
    expect({ failures: failures(undone), code: undone.code }).toEqual({ failures: [], code: 0 });
    expect(undone.tasks.map(({ task, status }) => [task, status])).toEqual([
      ['never ends', 'ok'],
      ['copy', 'changed'],
    ]);
    expect((await bare.outside(['sh', '-c', 'ls -A /etc | grep "undo-[def]\\|\\.kvmnet"'])).stdout).toBe('');
  });

  it('uses nothing that is not what was given to the host', async () => {
    const run = runOf(await playText('    - copy: { dest: /srv/undo-g, content: g }\n'));
    const record = `/var/lib/kvmnet/undo/${run}/change-1`;
    expect(await bare.read(['stat', '-c', '%a', record, `/var/lib/kvmnet/undo/${run}`, '/var/lib/kvmnet/undo'])).toBe(
      '600\n700\n700\n',
    );
    await bare.read(['sh', '-c', `echo H4sIAAAAAAAAA6tWSkosTi1SslIqS8wpTVWqBQBVMYzqEgAAAA== >${record}`]);
    const tampered = await undo(run);
    expect(failures(tampered)).toEqual([
      'undob01: copy: what the host has kept for an undo is not what was given to it',
    ]);
    await bare.read(['rm', record]);
    expect(failures(await undo(run))).toEqual(['undob01: copy: the host keeps no undo of it']);
    expect(await bare.read(['cat', '/srv/undo-g'])).toBe('g');
  });

  it('keeps so many runs on a host, and works for a user who is not root', async () => {
    for (const content of ['1', '2', '3', '4']) {
      await playText(`    - copy: { dest: /home/auto/undo-h, content: "${content}" }\n`, [
        '-e',
        'kvmnet_user=auto',
        '--undo-keep',
        '2',
      ]);
    }
    const kept = await bare.read(['sh', '-c', 'cd /home/auto/.local/state/kvmnet/undo && ls && stat -c "%U %a" .']);
    const [older = '', newer = '', owner] = kept.trimEnd().split('\n');
    expect(owner).toBe('auto 700');
    const undone = await undo(newer, ['-e', 'kvmnet_user=auto']);
    expect({ failures: failures(undone), code: undone.code }).toEqual({ failures: [], code: 0 });
    expect(await bare.read(['cat', '/home/auto/undo-h'])).toBe('3');
    expect((await undo(older, ['-e', 'kvmnet_user=auto'])).code).toBe(0);
    expect(await bare.read(['cat', '/home/auto/undo-h'])).toBe('2');
  });
});
