import { isDeepStrictEqual } from 'node:util';
import {
  formatXml,
  sh,
  virshStep,
  waitFor,
  withXmlChildren,
  xmlChild,
  type Step,
  type XmlElement,
} from '../../src/sdk/index.ts';
import { mergeXml } from './match.ts';
import type { LibvirtDomain } from './params.ts';
import type { GuestSeen, Run } from './probe.ts';
import { readState, type Facts, type State } from './read.ts';
import { unwanted, wantedXml } from './wanted.ts';

type Goal = Partial<State> | null;

export function domainSteps(
  p: LibvirtDomain,
  from: State | null,
  to: Goal,
  seen: GuestSeen | null | undefined,
): readonly Step[] {
  const run = (verb: string, ...words: readonly string[]): Step => virshStep([verb, '--domain', p.name, ...words]);
  if (to === null) {
    if (from === null) return [];
    return [
      ...(from.run === 'shut off' ? [] : [run('destroy', '--graceful')]),
      ...(from.persistent ? [run('undefine', '--managed-save', '--keep-nvram')] : []),
    ];
  }
  const steps: Step[] = [];
  if (to.persistent !== false && needsDefine(from, to)) {
    steps.push(virshStep(['define', '--file', '/dev/stdin'], formatXml(goalXml(p, to, seen))));
  }
  if (from?.live && to.live) steps.push(...pinSteps(p.name, from.live, to.live));
  const [was, goal] = [from?.run ?? 'shut off', to.run ?? from?.run ?? 'shut off'];
  const again = was !== 'shut off' && goal !== 'shut off' && p.restart === 'if_required' && stale(from?.live, to);
  if (again) steps.push(...runSteps(p, was, 'shut off'), ...runSteps(p, 'shut off', goal));
  else steps.push(...runSteps(p, was, goal));
  if (to.autostart !== undefined && to.autostart !== (from?.autostart ?? false)) {
    steps.push(run('autostart', ...(to.autostart ? [] : ['--disable'])));
  }
  if (to.persistent === false && from?.persistent === true) steps.push(run('undefine', '--keep-nvram'));
  return steps;
}

const needsDefine = (from: State | null, to: Partial<State>): boolean =>
  from === null || !from.persistent || (to.config !== undefined && !isDeepStrictEqual(from.config, to.config));

/** Going back to what was there is going back to its XML; everything else is what is wanted, laid over it. */
function goalXml(p: LibvirtDomain, to: Partial<State>, seen: GuestSeen | null | undefined): XmlElement {
  if (seen && isDeepStrictEqual(readState(seen, p).config, to.config)) return seen.config;
  const merged = mergeXml(seen?.config, wantedXml(p));
  return unwanted(p).reduce((xml, [parent, name]) => {
    const own = xmlChild(xml, parent);
    return own === undefined ? xml : withXmlChildren(xml, parent, [withXmlChildren(own, name, [])]);
  }, merged);
}

const isOff = sh`[ "$(virsh -q -c qemu:///system domstate --domain "$1")" = 'shut off' ]`;

function runSteps(p: LibvirtDomain, from: Run, to: Run): readonly Step[] {
  const run = (verb: string, ...words: readonly string[]): Step => virshStep([verb, '--domain', p.name, ...words]);
  if (from === to) return [];
  if (from === 'shut off') return [run('start', ...(to === 'paused' ? ['--paused'] : []))];
  if (to !== 'shut off') return [run(to === 'paused' ? 'suspend' : 'resume')];
  // It goes back to where this task started it from, a moment ago: nothing of it is lost.
  const isUndo = p.state === 'running' || p.state === 'paused';
  if (p.state === 'destroyed' || (isUndo && p.restart === 'never')) return [run('destroy', '--graceful')];
  return [
    ...(from === 'paused' ? [run('resume')] : []),
    run('shutdown'),
    waitFor(
      `${p.name} to shut down: a guest without an operating system that listens needs state: destroyed`,
      isOff,
      [p.name],
      {
        timeout: p.shutdown_timeout,
        interval: 0.5,
      },
    ),
  ];
}

const pin = /^cputune\/(?:vcpupin\[(\d+)\]|(emulatorpin))@cpuset$/;

export const changesLive = (path: string): boolean => pin.test(path);

/** Facts of the running guest that only another start brings. */
export const staleFacts = (live: Facts, wanted: Facts): readonly string[] =>
  Object.keys(wanted).filter((path) => !changesLive(path) && !isPinName(path) && (live[path] ?? null) !== wanted[path]);

// The name of a pin is of its place, not a thing to change.
const isPinName = (path: string): boolean => /^cputune\/vcpupin\[\d+\]@vcpu$/.test(path);

export const stale = (live: Facts | null | undefined, to: Partial<State>): boolean =>
  live !== null && live !== undefined && staleFacts(live, to.live ?? {}).length > 0;

function pinSteps(name: string, live: Facts, wanted: Facts): readonly Step[] {
  return Object.entries(wanted).flatMap(([path, cpus]) => {
    const [, vcpu] = pin.exec(path) ?? [];
    if (!changesLive(path) || (live[path] ?? null) === cpus) return [];
    // r: back to all CPUs of the host.
    const where = ['--cpulist', cpus ?? 'r', '--live'];
    if (vcpu === undefined) return [virshStep(['emulatorpin', '--domain', name, ...where])];
    return [virshStep(['vcpupin', '--domain', name, '--vcpu', vcpu, ...where])];
  });
}
