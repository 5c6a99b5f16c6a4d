import { xmlElement, xmlValue, type XmlElement } from '../parsers/libvirt-xml.ts';
import { parsePciAddress } from '../schemas/pci-address.ts';

/** The PCI address that `domain`, `bus`, `slot` and `function` give, each hexadecimal or decimal. */
export function pciOf({ attributes }: XmlElement): string {
  const hex = (key: string, width: number): string =>
    Number(xmlValue(attributes[key] ?? '0'))
      .toString(16)
      .padStart(width, '0');
  return parsePciAddress(`${hex('domain', 4)}:${hex('bus', 2)}:${hex('slot', 2)}.${hex('function', 1)}`);
}

export function pciXml(address: string): XmlElement {
  const [domain, bus, slot, func] = address.split(/[:.]/).map((part) => `0x${part}`);
  return xmlElement('address', { type: 'pci', domain, bus, slot, function: func });
}
