import {
  defineAction,
  reconnect,
  refuse,
  sleep,
  type ActionHost,
  type ActionResult,
  type StandingReason,
} from '../../src/sdk/index.ts';
import { guestsInTheWay, restGuests } from './guests.ts';
import { Reboot } from './params.ts';
import { lookAtHost, one, parseHostLook, readBootId, rebootSoon, shellLine } from './scripts.ts';

export const reboot = defineAction({
  name: 'reboot',
  summary: 'Reboots the host where something waits for it, and waits until it is back',
  params: Reboot,
  effect: 'change',
  inCheckMode: 'it says whether it would reboot',
  examples: [
    { title: 'Where a reboot is pending (grub, kernel modules, …)', params: {} },
    { title: 'Always, saving the virtual machines', params: { force: true, guests: 'managed_save', timeout: 900 } },
    {
      title: 'With work before and after',
      params: { pre: ['sync'], test_command: 'systemctl is-active libvirtd', post: ['virsh list --all'] },
    },
  ],
  idle: (p) => !p.force,
  run: async (p, host) => {
    // After a reboot that failed half way: what it has mended is no reason any more.
    await host.pending.verify();
    const reasons = host.pending.list().map(inWords);
    const data = { rebooted: false, elapsed: 0, reasons };
    if (reasons.length === 0 && !p.force) return { changed: false, text: 'no reboot is pending', data };
    const why = reasons.length === 0 ? 'forced' : reasons.join('; ');
    const no = await refusal(host, why);
    if (no !== undefined) return { changed: false, text: `reboot pending, not done: ${no}: ${why}`, data };
    if (host.connection.local === true) {
      throw refuse('not rebooted: kvmnet itself runs on this host', 'run it from another machine, or reboot by hand');
    }
    const { bootId, guests } = parseHostLook(await one(host, lookAtHost));
    const inTheWay = guestsInTheWay(guests, p);
    if (host.check) {
      const warnings = inTheWay === undefined ? [] : [`the reboot will be refused: ${inTheWay}`];
      return { changed: true, text: `would reboot: ${why}`, warnings, data };
    }
    if (inTheWay !== undefined) {
      throw refuse(
        `not rebooted: ${inTheWay}`,
        'move or stop them, or say what to do: guests: shutdown, managed_save or ignore',
      );
    }
    return perform(p, host, bootId, guests, reasons);
  },
});

/** Why it must not be done at all. */
async function refusal(host: ActionHost, why: string): Promise<string | undefined> {
  if (host.rebootPolicy === 'never') return '--reboot never';
  if (host.rebootPolicy === 'auto' || host.check) return undefined;
  const answer = await host.ask(`Reboot ${host.name}? ${why} [y/N]`);
  if (answer === undefined) return 'there is nobody to ask (--reboot ask)';
  return /^y(es)?$/i.test(answer.trim()) ? undefined : 'you said no';
}

async function perform(
  p: Reboot,
  host: ActionHost,
  bootId: string,
  guests: readonly string[],
  reasons: readonly string[],
): Promise<ActionResult> {
  const started = performance.now();
  const elapsed = (): number => Math.round((performance.now() - started) / 1000);
  await runLines(p.pre, host, 'not rebooted: before it');
  await restGuests(guests, p, host);
  await setGoing(p, host);
  const seen = await comeBack(p, host, bootId);
  const data = { rebooted: seen === undefined, elapsed: elapsed(), reasons };
  if (seen !== undefined) {
    return {
      changed: true,
      failed: true,
      message: `not back within ${p.timeout} s: ${seen}`,
      hint: 'look at its console',
      data,
    };
  }
  await sleep(p.post_reboot_delay, host);
  await runLines(p.post, host, 'rebooted, but after it');
  const took = elapsed();
  const standing = await host.pending.verify();
  if (standing.length > 0) return notEffective(standing, { ...data, elapsed: took });
  return { changed: true, text: `rebooted in ${took} s`, data: { ...data, elapsed: took } };
}

/** The reboot has been, and has not mended what it was for. */
function notEffective(standing: readonly StandingReason[], data: ActionResult['data']): ActionResult {
  const said = standing.map(inWords).join('; ');
  const hints = new Set(standing.map(({ hint }) => hint).filter((hint) => hint !== undefined));
  return {
    changed: true,
    failed: true,
    // Modules that refuse what they see say so themselves.
    message: said.includes('configured but not effective')
      ? `after the reboot ${said}`
      : `configured but not effective after the reboot: ${said}`,
    hint: hints.size === 0 ? 'look whether something sets it back at boot' : [...hints].join('; '),
    data: { ...data, standing: standing.map(inWords) },
  };
}

const inWords = ({ task, reason }: { readonly task: string; readonly reason: string }): string => `${reason} (${task})`;

async function setGoing(p: Reboot, host: ActionHost): Promise<void> {
  const delay = Math.max(1, p.pre_reboot_delay);
  const armed = await one(host, { script: rebootSoon, args: [String(delay), p.message] });
  if (armed.code !== 0) {
    throw refuse(`the reboot could not be set going: ${armed.stderr.trim()}`, 'is the user root? become: true');
  }
  await host.connection.drop();
  await sleep(delay, host);
}

/** Waits for another boot that is ready. @returns what was seen last of a host that did not come back */
function comeBack(p: Reboot, host: ActionHost, bootId: string): Promise<string | undefined> {
  const timeout = p.connect_timeout + 10;
  return reconnect(host, {
    timeout: p.timeout,
    connectTimeout: Math.max(1, p.connect_timeout),
    pause: [0.5, 5],
    what: 'rebooting',
    check: async () => {
      const id = (await one(host, readBootId, timeout)).stdout.trim();
      if (id === '') return 'its shell does not answer';
      if (id === bootId) return 'it has not gone down: the boot id is still the old one';
      const test = await one(host, shellLine(p.test_command), timeout);
      return test.code === 0
        ? undefined
        : `it is up, but the test command ends with ${test.code}${lastLine(test.stderr)}`;
    },
  });
}

async function runLines(lines: readonly string[], host: ActionHost, when: string): Promise<void> {
  for (const line of lines) {
    host.progress(line);
    const { code, stderr, timedOut } = await one(host, shellLine(line));
    if (timedOut) throw refuse(`${when}, "${line}" did not end in time`);
    if (code !== 0) throw refuse(`${when}, "${line}" ended with ${code}${lastLine(stderr)}`);
  }
}

const lastLine = (text: string): string => {
  const [last = ''] = text.trim().split('\n').slice(-1);
  return last === '' ? '' : `: ${last}`;
};
