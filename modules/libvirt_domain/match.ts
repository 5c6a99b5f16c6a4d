import {
  formatCpuList,
  parseCpus,
  xmlChild,
  xmlText,
  xmlValue,
  type XmlElement,
  type XmlNode,
} from '../../src/sdk/index.ts';

/** A wanted child with the one that stands for it, and what the pair is called in a report. */
export interface Pair {
  readonly label: string;
  readonly wanted: XmlElement;
  readonly own: XmlElement | undefined;
}

/** Pairs the wanted children of an element with those that are there. */
export function pairs(wanted: XmlElement, own: XmlElement | undefined): readonly Pair[] {
  const free = new Set(elements(own?.children ?? []));
  const all = elements(wanted.children);
  return all.map((child) => {
    const key = keyOf(child);
    const same = [...free].filter((other) => other.name === child.name);
    const found = key === undefined ? closest(child, same) : same.find((other) => keyOf(other) === key);
    if (found !== undefined) free.delete(found);
    const others = all.filter(({ name }) => name === child.name);
    const mark = key ?? (others.length > 1 ? String(others.indexOf(child)) : undefined);
    return { label: mark === undefined ? child.name : `${child.name}[${mark}]`, wanted: child, own: found };
  });
}

/** What tells an element from its brothers of the same name; undefined where only its likeness does. */
function keyOf(xml: XmlElement): string | undefined {
  const { attributes } = xml;
  if (xml.name === 'interface') return xmlChild(xml, 'mac')?.attributes['address']?.toLowerCase();
  if (xml.name === 'disk') return xmlChild(xml, 'target')?.attributes['dev'];
  if (xml.name === 'vcpupin') return attributes['vcpu'];
  if (xml.name === 'cell' || xml.name === 'iothreadpin') return attributes['id'] ?? attributes['iothread'];
  if (xml.name === 'feature' || xml.name === 'timer') return attributes['name'];
  return undefined;
}

/** The one that differs least; the first of several. Types must be the same: a serial port is no other one's. */
function closest(wanted: XmlElement, candidates: readonly XmlElement[]): XmlElement | undefined {
  const kinds = ['type', 'model', 'index', 'name'];
  const several = ['controller', 'channel', 'hostdev', 'input', 'video', 'rng', 'watchdog', 'filesystem', 'graphics'];
  const fits = candidates.filter(
    (own) =>
      !several.includes(wanted.name) ||
      kinds.every((kind) => {
        const value = wanted.attributes[kind];
        return value === undefined || xmlValue(value) === xmlValue(own.attributes[kind] ?? '');
      }),
  );
  const differing = (own: XmlElement): number => facts(wanted, own).filter(([, want, is]) => want !== is).length;
  return fits.toSorted((a, b) => differing(a) - differing(b))[0];
}

/** What of one element itself is wanted and what it is: name of an attribute (empty for text), wanted, found. */
export function ownFacts(
  wanted: XmlElement,
  own: XmlElement | undefined,
): readonly (readonly [string, string, string | null])[] {
  const text = textOf(wanted);
  const { unit } = wanted.attributes;
  const attributes = Object.entries(wanted.attributes)
    .filter(([name]) => name !== 'unit' && !name.startsWith('xmlns'))
    .map(([name, value]) => {
      const is = own?.attributes[name];
      if (isSecret(name))
        return [`@${name}`, secret, is === undefined ? null : is === value ? secret : 'another secret'] as const;
      const scale = name === 'size' ? unit : undefined;
      const want = canonical(wanted, name, value, scale);
      const found =
        is === undefined ? null : canonical(wanted, name, is, name === 'size' ? own?.attributes['unit'] : undefined);
      return [`@${name}`, want, name === 'machine' && isAlias(value, is) ? want : found] as const;
    });
  if (text !== '') {
    const found =
      own === undefined ? null : canonical(wanted, '', textOf(own), own.attributes['unit'] ?? unitOf(wanted));
    return [...attributes, ['', canonical(wanted, '', text, unit ?? unitOf(wanted)), found]];
  }
  const isBare = attributes.length === 0 && wanted.children.length === 0;
  return isBare ? [['', 'present', own === undefined ? null : 'present']] : attributes;
}

/** The same for everything below as well, each with its path. */
export function facts(
  wanted: XmlElement,
  own: XmlElement | undefined,
  path = '',
): readonly (readonly [string, string, string | null])[] {
  const below = pairs(wanted, own).flatMap((pair) => facts(pair.wanted, pair.own, `${path}/${pair.label}`));
  return [...ownFacts(wanted, own).map(([name, want, is]) => [`${path}${name}`, want, is] as const), ...below];
}

// Neither a report nor the journal may hold it, nor a hash that could be guessed at.
const isSecret = (name: string): boolean => /passw(or)?d/i.test(name);
const secret = 'the secret';

const memory = ['memory', 'currentMemory', 'maxMemory'];
const unitOf = (xml: XmlElement): string | undefined => (memory.includes(xml.name) ? 'KiB' : undefined);

// libvirt takes these powers (its formatdomain page); it prints KiB.
const units = new Map([
  ['b', 1],
  ['bytes', 1],
  ['kb', 1e3],
  ['k', 1024],
  ['kib', 1024],
  ['mb', 1e6],
  ['m', 1024 ** 2],
  ['mib', 1024 ** 2],
  ['gb', 1e9],
  ['g', 1024 ** 3],
  ['gib', 1024 ** 3],
  ['tb', 1e12],
  ['t', 1024 ** 4],
  ['tib', 1024 ** 4],
]);

function canonical(xml: XmlElement, name: string, value: string, unit: string | undefined): string {
  const scale = units.get((unit ?? '').toLowerCase());
  if (scale !== undefined && /^\d+$/.test(value.trim())) return `${Math.ceil((Number(value) * scale) / 1024)} KiB`;
  if (name === 'cpuset' && /^[\d,-]+$/.test(value)) return formatCpuList(parseCpus(value));
  if (xml.name === 'mac' || xml.name === 'uuid') return value.trim().toLowerCase();
  return xmlValue(value);
}

/** `q35` becomes `pc-q35-7.2` when it is defined, `pc` `pc-i440fx-7.2`. */
const isAlias = (wanted: string, is: string | undefined): boolean =>
  is !== undefined && is.startsWith(wanted === 'pc' ? 'pc-i440fx-' : `pc-${wanted}-`);

/** The XML with what is wanted laid over it; what the wanted does not name stays. */
export function mergeXml(own: XmlElement | undefined, wanted: XmlElement): XmlElement {
  if (own === undefined) return wanted;
  const all = pairs(wanted, own);
  const found = new Map(all.flatMap((pair) => (pair.own === undefined ? [] : [[pair.own, pair.wanted] as const])));
  const text = textOf(wanted);
  const kept = own.children
    .filter((child) => typeof child !== 'string' || text === '')
    .filter((child) => !isOutdated(child, wanted))
    .map((child): XmlNode => {
      const over = typeof child === 'string' ? undefined : found.get(child);
      return typeof child === 'string' || over === undefined ? child : mergeXml(child, over);
    });
  const added = all.filter((pair) => pair.own === undefined).map((pair) => pair.wanted);
  const settled = ownFacts(wanted, own).filter(([name, want, is]) => name !== '' && want === is);
  const keep = new Set(settled.map(([name]) => name.slice(1)));
  const changed = Object.entries(wanted.attributes).filter(([name]) => !keep.has(name));
  return {
    ...own,
    attributes: { ...own.attributes, ...Object.fromEntries(changed) },
    children: [...(text === '' ? [] : [text]), ...kept, ...added],
  };
}

/** More memory is of no use to a guest that is given what it had: libvirt sets what is left out to all of it. */
const isOutdated = (child: XmlNode, wanted: XmlElement): boolean =>
  typeof child !== 'string' &&
  child.name === 'currentMemory' &&
  xmlChild(wanted, 'memory') !== undefined &&
  xmlChild(wanted, 'currentMemory') === undefined;

const textOf = (xml: XmlElement): string => xmlText(xml) ?? '';

const elements = (nodes: readonly XmlNode[]): readonly XmlElement[] => nodes.filter((node) => typeof node !== 'string');
