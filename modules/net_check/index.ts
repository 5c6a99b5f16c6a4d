import { defineAction, missing, sleep, type ActionHost, type ActionResult } from '../../src/sdk/index.ts';
import { noAnswer, type Check, type Finding } from './check.ts';
import { dropsCheck, fdbCheck, irqsCheck, linksCheck, vfsCheck } from './links.ts';
import { conntrackCheck, cpuFlagsCheck, hugepagesCheck, loadCheck, memoryCheck } from './machine.ts';
import { NetCheck } from './params.ts';
import { iperf3Check, pingCheck } from './reach.ts';
import { controllerCheck, listeningCheck, ospfCheck } from './services.ts';

/** Seconds between two looks, and what the host may take for the looking itself. */
const PAUSE = 2;
const GRACE = 30;

export const netCheck = defineAction({
  name: 'net_check',
  summary: 'Looks whether the network is as it should be, and changes nothing',
  params: NetCheck,
  effect: 'none',
  inCheckMode: 'it looks once, whatever the timeout',
  examples: [
    {
      title: 'The other end of a tunnel answers, and the path carries full frames',
      params: { ping: { to: '10.0.1.2', count: 3, max_loss: 0, max_rtt: 5, size: 1472, dont_fragment: true } },
    },
    {
      title: 'The tunnels stand',
      params: { links: { vxlan100: { up: true, mtu: 1450 } }, fdb: { dev: 'vxlan100', has: ['00:00:00:00:00:00'] } },
    },
    {
      title: 'Ready for virtual machines',
      params: { cpu_flags: ['vmx|svm'], memory: { min_free_mb: 4096 }, load: { max: 8 }, warn: ['load'] },
    },
    {
      title: 'Routing has come up',
      params: { ospf: { neighbours: ['10.255.0.2'], state: 'Full' }, timeout: 60 },
    },
    {
      title: 'Throughput to a host on which "iperf3 -s" runs, without drops',
      params: { iperf3: { server: '10.0.1.2', min_mbit: 900 }, drops: { dev: 'eth1', max: 0 } },
    },
  ],
  // What takes time by itself (pings, a throughput test) is not for looking ahead: then nothing is.
  looks: (p) => {
    const checks = checksOf(p);
    return checks.some(({ seconds }) => seconds > 0) ? [] : checks.flatMap(({ commands }) => commands);
  },
  run: async (p, host) => {
    const checks = checksOf(p);
    const deadline = performance.now() + (host.check ? 0 : p.timeout * 1000);
    for (;;) {
      const findings = await look(checks, host);
      const bad = findings.filter(({ ok, check }) => !ok && !p.warn.some((name) => name === check));
      const [first] = bad;
      if (first === undefined) return result(p, findings);
      const left = Math.ceil((deadline - performance.now()) / 1000);
      if (left <= 0) return refused(p, findings, bad, host);
      host.progress(`waiting: ${first.says}; ${left} s left`);
      await sleep(Math.min(PAUSE, left), host);
    }
  },
});

function checksOf(p: NetCheck): readonly Check[] {
  return [
    p.ping && pingCheck(p.ping),
    p.iperf3 && iperf3Check(p.iperf3),
    p.listening && listeningCheck(p.listening),
    p.fdb && fdbCheck(p.fdb),
    p.drops && dropsCheck(p.drops),
    p.vfs && vfsCheck(p.vfs),
    p.irqs && irqsCheck(p.irqs),
    p.controller && controllerCheck(p.controller),
    p.ospf && ospfCheck(p.ospf),
    p.links && linksCheck(p.links),
    p.cpu_flags && cpuFlagsCheck(p.cpu_flags),
    p.load && loadCheck(p.load),
    p.memory && memoryCheck(p.memory),
    p.hugepages && hugepagesCheck(p.hugepages),
    p.conntrack && conntrackCheck(p.conntrack),
  ].filter((each) => each !== undefined);
}

/** All that is asked, in one round trip. */
async function look(checks: readonly Check[], host: ActionHost): Promise<readonly Finding[]> {
  const timeout = checks.reduce((sum, { seconds }) => sum + seconds, GRACE);
  const commands = checks.flatMap((each) => each.commands);
  const answers = await host.look(commands, { timeout });
  let at = 0;
  return checks.flatMap(({ commands: { length }, judge }) => {
    const [first = noAnswer, ...rest] = answers.slice(at, (at += length));
    return judge(first, rest.at(-1) ?? first);
  });
}

const result = (p: NetCheck, findings: readonly Finding[]): ActionResult => ({
  changed: false,
  data: {
    ok: findings.every(({ ok }) => ok),
    checks: findings.map(({ check, what, value, limit, ok }) => ({ check, what, value, limit, ok })),
  },
  warnings: findings.filter(({ ok, check }) => !ok && p.warn.some((name) => name === check)).map(({ says }) => says),
});

function refused(p: NetCheck, findings: readonly Finding[], bad: readonly Finding[], host: ActionHost): ActionResult {
  const message = `${bad.length} of ${findings.length} checks failed: ${bad.map(({ says }) => says).join('; ')}`;
  // What an earlier task of the play would bring cannot be there yet: the engine knows whether there is such a task.
  if (host.check) throw missing(message);
  return { ...result(p, findings), failed: true, message };
}
