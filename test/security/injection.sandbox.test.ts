import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/engine/index.ts';
import { compileProbe, compileStep } from '../../src/sdk/compile.ts';
import { overlayState } from '../../src/sdk/diff.ts';
import type { AnyModule, AnyResource, Boot, Probe, ProbeOutput, StateObject, Step } from '../../src/sdk/index.ts';
import { fakeHost } from '../../src/sdk/testing/fake-host.ts';
import type { RecordedCase } from '../../src/sdk/testing/recorded.ts';
import { createSandbox, type Sandbox } from '../../src/sdk/testing/sandbox.ts';
import { testShells } from '../../src/sdk/testing/shells.ts';
import { quote } from '../../src/sdk/quote.ts';
import { choose, dashes, hostile, leaves, replaced, type Leaf } from './hostile-values.ts';
import { seed } from '../seed.ts';

// Every parameter of every module, in all its examples and recorded cases, is given values that a shell would run if it
// ever read them as its own. Either the schema refuses them, or they arrive as data: the program `canary` never runs.

/** What runs what it is given is its purpose. */
const meantToRun = new Set(['command', 'shell', 'script']);
/** Values tried for each parameter: any so many of those that its schema takes. The shells read quotes alike, so most go to one. */
const perLeaf = (shell: string): number => Number(process.env['KVMNET_FUZZ'] ?? (shell === 'dash' ? 3 : 1));

const registry = createRegistry();
const modules = (await Promise.all(registry.names().map((name) => registry.get(name)))).filter(
  (module): module is AnyModule => module !== undefined && !meantToRun.has(module.name),
);

interface Case {
  readonly params: unknown;
  readonly outputs: RecordedCase['outputs'];
}

const accepts = (module: AnyModule, params: unknown, leaf: Leaf, value: string): boolean =>
  module.params.safeParse(replaced(params, leaf, value)).success;

const isRecorded = (module: AnyModule): boolean => existsSync(recordOf(module));
const recordOf = ({ name }: AnyModule): URL => new URL(`../../modules/${name}/cases/recorded.json`, import.meta.url);

function casesOf(module: AnyModule): readonly Case[] {
  const recorded = isRecorded(module)
    ? (JSON.parse(readFileSync(recordOf(module), 'utf8')) as readonly RecordedCase[])
    : [];
  return [
    ...module.examples.map(({ params }) => ({ params: params as unknown, outputs: {} })),
    ...recorded.flatMap(({ params, outputs }) => (params === undefined ? [] : [{ params, outputs }])),
  ];
}

describe.each(testShells)('in $name', ({ name: shellName, shell, setup }) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ shell, setup: `${setup}\n${jail}` });
  });
  afterAll(() => sandbox.close());

  it('notices a value that is run', () => {
    sandbox.run(`${path}canary proof`);
    sandbox.run(`${path}CANARY=option; export CANARY; modprobe -canary; modprobe -- -canary; ip link del -canary`);
    expect(sandbox.look('cat /log/canary; rm /log/canary')).toBe('proof\noption\n');
  });

  it.each(modules)('$name runs nothing of its parameters', async (module) => {
    // Where real answers are recorded there is no need for those of stubs.
    const ask = isRecorded(module) ? silent : (script: string): ProbeOutput => sandbox.run(path + script);
    const scripts: string[] = [];
    const tried: string[] = [];
    for (const [leaf, { params, outputs }] of leavesOf(module, shellName === 'dash' ? 2 : 1)) {
      const taken = hostile(leaf.value).filter((value) => accepts(module, params, leaf, value));
      const dashed = dashes(leaf.value)
        .slice(0, 1)
        .filter((value) => accepts(module, params, leaf, value));
      for (const value of [...choose(taken, perLeaf(shellName), seed), ...dashed]) {
        tried.push(`${leaf.path.join('.')} = ${JSON.stringify(value)}`);
        const mark = `canary() { :; }; unset -f canary; CANARY=${tried.length - 1}; export CANARY; `;
        const work = await workOf(module, replaced(params, leaf, value), inOutputs(outputs, leaf.value, value), ask);
        scripts.push(...compiled(work).map((script) => mark + script));
      }
    }
    sandbox.run(path + scripts.map((script) => `( eval ${quote(script)} ) </dev/null >/dev/null 2>&1`).join('\n'));
    const ran = sandbox.look('cat /log/canary 2>/dev/null || :; rm -f /log/canary');
    const culprits = [...new Set(ran.split('\n').filter((line) => line !== ''))].map(
      (line) => tried[Number(line)] ?? line,
    );
    expect({ seed, culprits }).toEqual({ seed, culprits: [] });
  });
});

describe('a value that begins with a dash', () => {
  it('is noticed', () => {
    expect(asOption(['rm', '-canary'], '-canary')).toBe(true);
    expect(asOption(['rm', '--', '-canary'], '-canary')).toBe(false);
  });

  it.each(modules)('of $name is no option of a program', async (module) => {
    const suspects = new Set<string>();
    for (const [leaf, { params, outputs }] of leavesOf(module, 9)) {
      for (const value of dashes(leaf.value)) {
        const asked = replaced(params, leaf, value);
        if (!module.params.safeParse(asked).success) continue;
        for (const argv of argvsOf(await workOf(module, asked, inOutputs(outputs, leaf.value, value), silent))) {
          if (asOption(argv, value)) suspects.add(`${leaf.path.join('.')}: ${argv.join(' ')}`);
        }
      }
    }
    expect([...suspects]).toEqual([]);
  });
});

/** Each parameter that is text, in the first cases that have it. */
function leavesOf(module: AnyModule, cases: number): readonly (readonly [Leaf, Case])[] {
  const met = new Map<string, number>();
  return casesOf(module)
    .flatMap((one) => leaves(one.params).map((leaf) => [leaf, one] as const))
    .filter(([{ path }]) => {
      const name = path.map((key) => (typeof key === 'number' ? '' : key)).join('.');
      met.set(name, (met.get(name) ?? 0) + 1);
      return (met.get(name) ?? 0) <= cases;
    });
}

/** A host whose answers hold the same value: then the steps work on it, too. */
function inOutputs(outputs: Case['outputs'], from: string, to: string): Case['outputs'] {
  if (from.length < 2) return outputs;
  const inText = (text: string): string => JSON.stringify(text).slice(1, -1);
  return JSON.parse(JSON.stringify(outputs).replaceAll(inText(from), () => inText(to))) as Case['outputs'];
}

const context = { uploads: new Map([['', '/tmp/upload']]), undoStore: '/tmp/undo' };

const compiled = ({ probes, steps }: Work): readonly string[] => [
  ...probes.map((probe) => compileProbe(probe)),
  ...steps.map((step) => compileStep(step, context)),
];

const argvsOf = ({ probes, steps }: Work): readonly (readonly string[])[] =>
  [...probes, ...steps].flatMap((each) => ('argv' in each ? [each.argv] : []));

interface Work {
  readonly probes: readonly Probe<unknown>['run'][];
  readonly steps: readonly Step[];
}

/** All that a module would do on a host, as far as one can tell without one. */
async function workOf(
  module: AnyModule,
  params: unknown,
  outputs: Case['outputs'],
  ask: (script: string) => ProbeOutput,
): Promise<Work> {
  const parsed: unknown = module.params.parse(params);
  const probes: Probe<unknown>['run'][] = [];
  const steps: Step[] = [];
  const action = module.kind === 'action' ? module.run : module.asAction?.(parsed);
  if (action !== undefined) {
    const host = fakeHost({
      sh: ask,
      // Those that wait ask once, then.
      check: /^(?:wait|pause|reboot)/.test(module.name),
      signal: AbortSignal.timeout(20),
    });
    await attempt(() => Promise.race([action(parsed, host), new Promise((resolve) => setTimeout(resolve, 20))]));
    for (const each of host.asked.flat()) {
      if ('kind' in each) steps.push(each);
      else probes.push(each);
    }
    return { probes, steps };
  }
  if (module.kind === 'action') return { probes, steps };
  const p = await attempt(() => prepared(module, parsed));
  if (p === undefined) return { probes, steps };
  const asked = Object.entries((await attempt(() => module.probes(p) as Record<string, Probe<unknown>>)) ?? {});
  probes.push(...asked.map(([, probe]) => probe.run));
  await attempt(() => {
    const seen = Object.fromEntries(
      asked.map(([name, probe]) => [
        name,
        probe.parse(Object.keys(outputs).length > 0 ? output(outputs[name]) : ask(compileProbe(probe.run))),
      ]),
    );
    const now = module.state(seen, p) as StateObject | null;
    const want = module.want(p, now, seen) as StateObject | null;
    const after = overlayState(now, want, module.compare);
    steps.push(...module.steps(now, after, p, seen));
    steps.push(...module.steps(after, now, p, seen));
    const boot = module.boot?.(p) as Boot<StateObject> | undefined;
    if (boot === undefined) return;
    if (boot.guard !== undefined) probes.push({ script: boot.guard.script, args: boot.guard.args });
    steps.push(...module.steps(boot.state, after === null ? null : (boot.keeps?.(after) ?? after), p));
  });
  return { probes, steps };
}

const output = (recorded: Case['outputs'][string] = {}) => {
  const stdout = (recorded.stdout ?? []).join('\n');
  const stderr = (recorded.stderr ?? []).join('\n');
  return { stdout, stderr, code: recorded.code ?? 0, bytes: Buffer.from(stdout) };
};

const prepared = async (module: AnyResource, p: unknown): Promise<unknown> =>
  module.prepare === undefined
    ? p
    : module.prepare(p, {
        resolve: (path) => path,
        stat: async () => ({ sha256: '', size: 0, mode: '0644' }),
        read: async () => new Uint8Array(),
        list: async () => [],
        render: async () => '',
      });

const silent = (): ProbeOutput => ({ stdout: '', stderr: '', code: 0, bytes: new Uint8Array() });

/** What is refused is as good as done; so is what makes no sense of the answers that were put into the host's mouth. */
async function attempt<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

/** The value stands where a program would look for its options. */
function asOption(argv: readonly string[], value: string): boolean {
  const at = argv.findIndex((word, index) => index > 0 && word.startsWith(value));
  if (at < 0 || argv.slice(0, at).includes('--')) return false;
  // iproute2 and ethtool look for options before their first word only.
  const [program = ''] = argv;
  return !(['ip', 'tc', 'bridge', 'ethtool'].includes(program) && at > 1);
}

// Nothing that scripts do may reach the machine: its kernel's files are hidden, and every tool but busybox's is a stub that
// succeeds and says nothing.
const tools =
  'cat sed grep awk tr cut head tail wc sort uniq mkdir rm rmdir mv cp ln ls chmod chown readlink sha256sum basename dirname printf expr seq sync stat find xargs env id date tee cmp touch';
const stubs =
  'ip tc bridge ethtool sysctl modprobe rmmod systemctl ovs-vsctl ovs-ofctl ovs-appctl vtysh virsh iptables ip6tables iptables-save ip6tables-save iptables-restore ip6tables-restore nft grub-mkconfig grub2-mkconfig update-grub grubby rpm-ostree apt-get dpkg-query dnf rpm zypper apk update-initramfs dracut ping arping curl wget nc ss lspci udevadm unshare nsenter chroot mount umount restorecon chcon sleep visudo reboot shutdown systemd-run driverctl service getent lsmod depmod timeout irqbalance killall pgrep kill dmesg';
const path = 'PATH=/stubs; export PATH\n';
const jail = `mkdir -p /stubs /log && chmod 777 /log
for t in ${tools}; do ln -s /bin/busybox /stubs/$t; done
cat >/stubs/stub <<'END'
#!/bin/sh
case \${0##*/} in ip|tc|bridge|ethtool) set -- "$1";; esac
for a; do case $a in --) break;; -canary*) echo "$CANARY" >>/log/canary;; esac; done
END
chmod 755 /stubs/stub; for t in ${stubs}; do ln -s stub /stubs/$t; done
printf '#!/bin/sh\\necho "\${CANARY-$*}" >>/log/canary\\n' >/stubs/canary; chmod 755 /stubs/canary
mount -t tmpfs tmpfs /proc; mount -t tmpfs tmpfs /sys`;
