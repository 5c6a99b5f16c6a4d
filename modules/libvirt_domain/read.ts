import { xmlChild, type XmlElement } from '../../src/sdk/index.ts';
import { facts } from './match.ts';
import type { LibvirtDomain } from './params.ts';
import type { GuestSeen, Run } from './probe.ts';
import { unwanted, wantedXml } from './wanted.ts';

/** What is said of a guest, by the path in its XML: `devices/disk[vda]/source@file`. */
export type Facts = { [path: string]: string | null };

export type State = {
  run: Run;
  autostart: boolean;
  persistent: boolean;
  /** What the guest is started with next, as far as the parameters name it. */
  config: Facts;
  /** What the running guest has. */
  live: Facts | null;
};

export const readState = (seen: GuestSeen, p: LibvirtDomain): State => ({
  run: seen.run,
  autostart: seen.autostart,
  persistent: seen.persistent,
  config: found(p, seen.config),
  live: seen.live === null ? null : liveOnly(found(p, seen.live)),
});

const found = (p: LibvirtDomain, own: XmlElement): Facts => ({
  ...Object.fromEntries(factsOf(p, own).map(([path, , is]) => [path, is])),
  ...Object.fromEntries(
    unwanted(p).map(([parent, name]) => [
      `${parent}/${name}`,
      xmlChild(own, parent, name) === undefined ? null : 'present',
    ]),
  ),
});

export const wantedFacts = (p: LibvirtDomain, own: XmlElement | undefined): Facts => ({
  ...Object.fromEntries(factsOf(p, own).map(([path, want]) => [path, want])),
  ...Object.fromEntries(unwanted(p).map(([parent, name]) => [`${parent}/${name}`, null])),
});

const factsOf = (p: LibvirtDomain, own: XmlElement | undefined) =>
  facts(wantedXml(p), own).map(([path, want, is]) => [path.replace(/^\//, ''), want, is] as const);

/**
 * What a running guest shows as it was asked for. Not its CPU (libvirt writes out what it made of the model), its interfaces
 * (libvirt_interface looks after them), nor what is chosen, hidden or changed at the start.
 */
export const liveOnly = (all: Facts): Facts =>
  Object.fromEntries(Object.entries(all).filter(([path]) => !startsOwn.test(path)));

const startsOwn =
  /^(cpu(?:@|$|\/(?!numa))|devices\/interface|devices\/(graphics|serial|console|channel)|currentMemory|seclabel|metadata|resource|on_|title|description)|@passwd$/;
