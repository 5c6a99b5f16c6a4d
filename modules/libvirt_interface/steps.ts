import { isDeepStrictEqual } from 'node:util';
import {
  formatXml,
  sh,
  virshStep,
  waitFor,
  withXmlChildren,
  xmlChild,
  xmlElement,
  type Step,
  type XmlElement,
} from '../../src/sdk/index.ts';
import { nameOf, type LibvirtInterface } from './params.ts';
import type { Interface, State } from './read.ts';
import { emptyInterface, interfaceXml } from './xml.ts';

/** The interface's XML as it was read, where there was one. */
export interface Found {
  readonly config: XmlElement | undefined;
  readonly live: XmlElement | undefined;
}

type Part = Partial<Interface> | null | undefined;
export type Goal = { readonly config?: Part; readonly live?: Part } | null;
type Side = 'config' | 'live';

export function interfaceSteps(p: LibvirtInterface, from: State | null, to: Goal, found: Found): readonly Step[] {
  const device = (verb: string, sides: readonly Side[], xml: XmlElement): Step =>
    virshStep(
      [verb, '--domain', p.domain, '--file', '/dev/stdin', ...sides.map((side) => `--${side}`)],
      formatXml(xml),
    );
  const [was, goal] = [
    { config: from?.config ?? null, live: from?.live ?? null },
    { config: to?.config ?? null, live: to?.live ?? null },
  ];
  // What the guest does not let go of is gone with its next start at least.
  const gone = (['config', 'live'] as const).filter((side) => was[side] !== null && goal[side] === null);
  const steps: Step[] = gone.flatMap((side) => detach(p, side));
  const made = (['live', 'config'] as const).flatMap((side) => {
    const wanted = goal[side];
    return was[side] === null && wanted !== null ? [{ side, xml: attached(p, wanted, found[side]) }] : [];
  });
  const [first, second] = made;
  if (first !== undefined && second !== undefined && isDeepStrictEqual(first.xml, second.xml)) {
    // In one go both get the same slot.
    steps.push(device('attach-device', ['live', 'config'], first.xml));
  } else steps.push(...made.map(({ side, xml }) => device('attach-device', [side], xml)));
  if (was.live !== null && goal.live !== null && liveDifferences(was.live, goal.live).length > 0) {
    steps.push(device('update-device', ['live'], updated(goal.live, was.live, found)));
  }
  if (was.config !== null && goal.config !== null && !isDeepStrictEqual(was.config, goal.config)) {
    steps.push(device('update-device', ['config'], interfaceXml(found.config ?? emptyInterface(p.alias), goal.config)));
  }
  return steps;
}

function attached(p: LibvirtInterface, goal: Partial<Interface>, found: XmlElement | undefined): XmlElement {
  const xml = interfaceXml(found ?? emptyInterface(p.alias), goal);
  // Of one that was there and runs no more: these were libvirt's, and may be taken by now.
  const alias = xmlChild(xml, 'alias')?.attributes['name'];
  const anonymous = alias?.startsWith('ua-') === true ? xml : withXmlChildren(xml, 'alias', []);
  const dev = xmlChild(xml, 'target')?.attributes['dev'];
  return dev === undefined || !/^(vnet|macvtap|vif)\d/.test(dev) ? anonymous : withXmlChildren(anonymous, 'target', []);
}

/**
 * What the running guest is told. libvirt compares it with what it has: a port id of Open vSwitch that is missing counts
 * as another one. Of a network the guest's own words are given, not what the network made of them.
 */
function updated(goal: Partial<Interface>, was: Interface, { config, live }: Found): XmlElement {
  const settable = Object.fromEntries(liveDifferences(was, goal).map((key) => [key, goal[key]]));
  if (was.type !== 'network') return interfaceXml(live ?? config ?? emptyInterface(undefined), { ...was, ...settable });
  return interfaceXml(config ?? live ?? emptyInterface(undefined), { ...was, ...settable });
}

const anytime: readonly (keyof Interface)[] = ['inbound', 'outbound', 'link'];

/** Fields that differ and that libvirt can change in a running guest. */
export const liveDifferences = (now: Interface, wanted: Partial<Interface>): readonly (keyof Interface)[] =>
  differences(now, wanted).filter((key) => anytime.includes(key) || (key === 'source' && canMove(now, wanted)));

/** Fields that differ and that only a start of the guest changes. */
export const restartDifferences = (now: Interface, wanted: Partial<Interface>): readonly (keyof Interface)[] => {
  const live = liveDifferences(now, wanted);
  return differences(now, wanted).filter((key) => !live.includes(key));
};

/** libvirt takes a tap from one Linux bridge to another, or to another network; not between bridges of Open vSwitch. */
const canMove = (now: Interface, wanted: Partial<Interface>): boolean =>
  (now.type === 'bridge' || now.type === 'network') &&
  (wanted.type ?? now.type) === now.type &&
  now.virtualport === null &&
  (wanted.virtualport ?? null) === null;

const differences = (now: Interface, wanted: Partial<Interface>): readonly (keyof Interface)[] =>
  (Object.keys(wanted) as (keyof Interface)[]).filter(
    (key) => wanted[key] !== undefined && !isDeepStrictEqual(now[key], wanted[key]),
  );

const stillThere = sh`! virsh -q -c qemu:///system dumpxml --domain "$1" | grep -qiF -e "$2"`;

function detach(p: LibvirtInterface, side: Side): readonly Step[] {
  const name = nameOf(p);
  const byAlias = virshStep(['detach-device-alias', '--domain', p.domain, '--alias', name, `--${side}`]);
  // libvirt finds it by its MAC address, whatever the type; this type needs nothing else.
  const any = xmlElement('interface', { type: 'user' }, [xmlElement('mac', { address: name })]);
  const byMac = virshStep(['detach-device', '--domain', p.domain, '--file', '/dev/stdin', `--${side}`], formatXml(any));
  const go = p.mac === undefined ? byAlias : byMac;
  if (side === 'config') return [go];
  const mark = p.mac === undefined ? `<alias name='${name}'` : `<mac address='${name}'`;
  const what = `${p.domain} to let go of its interface ${name}: a guest that does not answer keeps it until it is restarted (apply: config changes only what it starts with)`;
  return [go, waitFor(what, stillThere, [p.domain, mark], { timeout: 20, interval: 0.5 })];
}
