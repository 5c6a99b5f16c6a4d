import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { play, startPlay, type Ended } from './background.ts';
import type { Host, Lab } from './index.ts';
import { noLab, useLab } from './use-lab.ts';

/** How many times something is killed; `KVMNET_KILLS=200` for the whole. */
const kills = Number(process.env['KVMNET_KILLS'] ?? 20);
/** Printed with a failure; the same seed kills the same at the same moments. */
const seed = Number(process.env['KVMNET_SEED'] ?? randomBytes(4).readUInt32LE());

/** Numbers from 0 to 1 (mulberry32): each worker has its own row of them. */
function random(state: number): () => number {
  let a = state >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Files, links, kernel state with boot units, services: all in one of two versions. */
const site = (version: 0 | 1, systemd: boolean): string => {
  const other = 1 - version;
  const lines = Array.from({ length: 200 }, (_, i) => `line ${i} of version ${version}`).join('\\n');
  return `- hosts: all
  tasks:
    - file: { path: /etc/kills, state: directory }
    - copy: { dest: /etc/kills/inline, content: "${lines}" }
    - copy: { dest: /etc/kills/uploaded, src: big-${version}, mode: "0640" }
    - template: { dest: /etc/kills/rendered, src: text.hbs }
      vars: { version: ${version} }
    - line_in_file: { path: /etc/kills/lines, regexp: "^version=", line: "version=${version}", create: true }
    - block_in_file: { path: /etc/kills/block, block: "block ${version}", create: true }
    - file: { path: /etc/kills/link, src: "target-${version}", state: link, force: true }
    - file: { path: /etc/kills/only-${version}, state: touch }
    - file: { path: /etc/kills/only-${other}, state: absent }
    - sysctl: { settings: { net.ipv4.ip_forward: ${version} } }
    - bridge: { name: br-kills, mtu: ${1400 + version} }
    - iptables: { chain: FORWARD, rules: ["-s 192.0.2.${1 + version}/32 -j ACCEPT"] }
${
  systemd
    ? `    - copy: { dest: /etc/systemd/system/kills.service, content: "[Service]\\nExecStart=/bin/sleep 10${version}\\n[Install]\\nWantedBy=multi-user.target\\n" }
    - service: { name: kills, daemon_reload: true, state: ${version === 0 ? 'started' : 'stopped'}, enabled: ${version === 0} }
`
    : ''
}`;
};

const files = {
  'big-0': randomBytes(300_000).toString('base64'),
  'big-1': randomBytes(300_000).toString('base64'),
  'text.hbs': 'version {{ version }}\n'.repeat(50),
};

const harm = ['controller', 'sshd', 'link', 'link and controller'] as const;
type Harm = (typeof harm)[number];

describe.skipIf(noLab())(`${kills} kills at random moments`, () => {
  let lab: Lab;
  let hosts: readonly Host[];
  beforeAll(async () => {
    ({ lab } = await useLab());
    const bare = await lab.bareHosts(3, { prefix: 'kills' });
    const systemd = await lab.systemdHosts(1, { prefix: 'killsys' });
    hosts = [...systemd, ...bare];
  });
  afterAll(async () => {
    for (const host of hosts) await host.remove();
  });

  /** Everything that kvmnet keeps in files, by path: what is in it. */
  const kept = async (host: Host): Promise<ReadonlyMap<string, string>> => {
    const script = `find /etc/kills /etc/sysctl.d /etc/kvmnet /etc/systemd/system \\( -type f -o -type l \\) 2>/dev/null |
      while read -r f; do if [ -L "$f" ]; then echo "$f -> $(readlink "$f")"; else echo "$f $(sha256sum <"$f" | cut -c1-64)"; fi; done`;
    const lines = (await host.read(['sh', '-c', script])).split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line]));
  };
  /** On its way to become a file, and no file yet. */
  const isTemporary = (path: string): boolean => path.includes('/.kvmnet.');
  const leftOver = (host: Host): Promise<string> =>
    host.read([
      'sh',
      '-c',
      'find /etc /srv /root /tmp /var/tmp /var/lib/kvmnet /run -xdev -name ".kvmnet*" 2>/dev/null; ls -d /run/kvmnet.lock /var/lib/kvmnet/confirm 2>/dev/null; find /var/lib/kvmnet -name ".*" 2>/dev/null || :',
    ]);

  const run = (host: Host, version: 0 | 1, args: readonly string[] = []): Promise<Ended> =>
    play(lab, host, site(version, host.record.kind === 'systemd'), { files, args });

  async function doHarm(
    what: Harm,
    host: Host,
    controller: { kill(signal: 'SIGKILL'): void },
    cutFor: number,
  ): Promise<void> {
    if (what === 'controller') controller.kill('SIGKILL');
    else if (what === 'sshd') {
      // All that serve somebody, but not the one that listens.
      await host.read([
        'sh',
        '-c',
        'l=$(cat /run/sshd.pid); for p in $(pgrep -x sshd); do [ $p = $l ] || kill -9 $p; done; :',
      ]);
    } else {
      await host.cut();
      if (what === 'link and controller') controller.kill('SIGKILL');
      await sleep(cutFor);
      await host.uncut();
    }
  }

  it(
    'leave whole files, no lock and nothing temporary, and the next run converges',
    async () => {
      console.log(`KVMNET_SEED=${seed}`);
      onTestFailed(() => console.error(`KVMNET_KILLS=${kills} KVMNET_SEED=${seed}`));
      const counts: Record<string, number> = {};
      let waited = 0;
      const work = async (host: Host, index: number): Promise<void> => {
        const next = random(seed + index);
        // Both versions, undisturbed: what each file may hold.
        const whole = new Map<string, Set<string>>();
        let seconds = 0;
        for (const version of [0, 1, 0] as const) {
          const ended = await run(host, version);
          const { code, tasks, stderr } = ended;
          expect({ code, last: code === 0 ? undefined : tasks.at(-1), stderr }).toEqual({
            code: 0,
            last: undefined,
            stderr: '',
          });
          seconds = ended.seconds;
          for (const [path, line] of await kept(host)) whole.set(path, (whole.get(path) ?? new Set()).add(line));
        }
        let version: 0 | 1 = 0;
        for (let i = index; i < kills; i += hosts.length) {
          version = version === 0 ? 1 : 0;
          const what = harm[Math.floor(next() * harm.length)] ?? 'controller';
          const after = next() * seconds;
          const cutFor = 200 + next() * 2000;
          const told = `kill ${i} on ${host.name}: ${what} after ${after.toFixed(2)} s`;
          counts[what] = (counts[what] ?? 0) + 1;
          const running = startPlay(lab, host, site(version, host.record.kind === 'systemd'), { files });
          await Promise.race([sleep(after * 1000), running.ended]);
          await doHarm(what, host, running, cutFor);
          const half = await kept(host);
          await running.ended;
          for (const [path, line] of [...half, ...(await kept(host))]) {
            if (isTemporary(path)) continue;
            if (whole.get(path)?.has(line) !== true)
              expect(`${told}: ${line}`).toBe(`one of ${[...(whole.get(path) ?? [])].join(', ')}`);
          }
          // A step that was at work when its controller died goes on to its end: that is all there is to wait for.
          const again = await run(host, version, ['--lock-timeout', '20']);
          const failures = again.tasks.filter(({ failure }) => failure !== undefined);
          expect({ told, code: again.code, failures, stderr: again.stderr }).toEqual({
            told,
            code: 0,
            failures: [],
            stderr: '',
          });
          if (again.events.some((event) => event.type === 'progress' && event.text.endsWith(', waiting'))) waited += 1;
          const check = await run(host, version, ['--check']);
          expect({ told, changes: check.tasks.filter(({ status }) => status !== 'ok') }).toEqual({ told, changes: [] });
          expect(`${told}: ${await leftOver(host)}`).toBe(`${told}: `);
        }
      };
      await Promise.all(hosts.map(work));
      console.log(`killed: ${JSON.stringify(counts)}; next runs that waited for a last step: ${waited}`);
    },
    Math.max(300_000, kills * 40_000),
  );
});
