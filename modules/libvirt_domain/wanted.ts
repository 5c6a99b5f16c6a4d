import {
  parseXml,
  refuse,
  withXmlChildren,
  xmlChild,
  xmlElement,
  xmlText,
  type XmlElement,
} from '../../src/sdk/index.ts';
import type { Define, LibvirtDomain } from './params.ts';

/** What of the domain's XML the parameters name; everything else of it stays. */
export function wantedXml(p: LibvirtDomain): XmlElement {
  const given = p.xml === undefined ? undefined : ownXml(p.name, p.xml);
  const base = given ?? (p.define === undefined ? xmlElement('domain') : definedXml(p.define));
  const named = withXmlChildren(base, 'name', [xmlElement('name', {}, [p.name])]);
  const backed = addTo(named, 'memoryBacking', backing(p));
  return addTo(backed, 'cputune', pins(p));
}

function ownXml(name: string, text: string): XmlElement {
  const xml = parseXml(text, `xml of the domain ${name}`);
  if (xml.name !== 'domain') throw refuse(`xml of the domain ${name} is <${xml.name}>`, 'it has to be a <domain>');
  const own = xmlText(xmlChild(xml, 'name'));
  if (own !== undefined && own !== name)
    throw refuse(`the XML is of the domain ${own}, not of ${name}`, 'leave out its <name>');
  return xml;
}

function addTo(xml: XmlElement, name: string, children: readonly XmlElement[]): XmlElement {
  if (children.length === 0) return xml;
  const own = xmlChild(xml, name) ?? xmlElement(name);
  const names = new Set(children.map((child) => child.name));
  const kept = own.children.filter((child) => typeof child === 'string' || !names.has(child.name));
  return withXmlChildren(xml, name, [xmlElement(name, own.attributes, [...kept, ...children])]);
}

function backing({ memory_backing: given }: LibvirtDomain): readonly XmlElement[] {
  const shared = given?.shared === true ? [xmlElement('access', { mode: 'shared' })] : [];
  // Without hugepages the memory has to come from a file of its own to be shared.
  const source = given?.shared === true && given.hugepages !== true ? [xmlElement('source', { type: 'memfd' })] : [];
  return [...(given?.hugepages === true ? [xmlElement('hugepages')] : []), ...source, ...shared];
}

function pins(p: LibvirtDomain): readonly XmlElement[] {
  return [
    ...Object.entries(p.cpu_pins ?? {}).map(([vcpu, cpuset]) => xmlElement('vcpupin', { vcpu, cpuset })),
    ...(p.emulator_pin === undefined ? [] : [xmlElement('emulatorpin', { cpuset: p.emulator_pin })]),
  ];
}

/** Elements that must not be there, by their path. */
export const unwanted = (p: LibvirtDomain): readonly (readonly [string, string])[] => [
  ...(p.memory_backing?.hugepages === false ? ([['memoryBacking', 'hugepages']] as const) : []),
  ...(p.memory_backing?.shared === false ? ([['memoryBacking', 'access']] as const) : []),
];

const text = (name: string, value: string | number): XmlElement => xmlElement(name, {}, [String(value)]);

function definedXml(d: Define): XmlElement {
  const boot = (['kernel', 'initrd', 'cmdline'] as const).flatMap((key) =>
    d[key] === undefined ? [] : [text(key, d[key])],
  );
  const devices = [
    ...(d.emulator === undefined ? [] : [text('emulator', d.emulator)]),
    ...d.disks.map(diskXml),
    ...(d.machine.includes('q35')
      ? [
          xmlElement('controller', { type: 'pci', model: 'pcie-root' }),
          ...Array.from({ length: d.ports }, () => xmlElement('controller', { type: 'pci', model: 'pcie-root-port' })),
        ]
      : []),
    ...(d.console ? [xmlElement('serial', { type: 'pty' }), xmlElement('console', { type: 'pty' })] : []),
  ];
  return xmlElement('domain', { type: d.type }, [
    xmlElement('memory', { unit: 'MiB' }, [String(d.memory)]),
    text('vcpu', d.vcpus),
    xmlElement('os', {}, [xmlElement('type', { arch: d.arch, machine: d.machine }, ['hvm']), ...boot]),
    d.cpu === undefined ? undefined : xmlElement('cpu', { mode: d.cpu }),
    // Without ACPI no guest hears that it shall shut down.
    xmlElement('features', {}, [xmlElement('acpi')]),
    xmlElement('devices', {}, devices),
  ]);
}

function diskXml(disk: Define['disks'][number]): XmlElement {
  const block = disk.file.startsWith('/dev/');
  return xmlElement('disk', { type: block ? 'block' : 'file', device: disk.device }, [
    xmlElement('driver', { name: 'qemu', type: block ? 'raw' : disk.format }),
    xmlElement('source', block ? { dev: disk.file } : { file: disk.file }),
    xmlElement('target', { dev: disk.target, bus: disk.bus }),
    disk.readonly || disk.device === 'cdrom' ? xmlElement('readonly') : undefined,
  ]);
}
