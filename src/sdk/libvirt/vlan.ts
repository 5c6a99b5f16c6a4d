import { z } from 'zod';
import { xmlChild, xmlChildren, xmlElement, xmlValue, type XmlElement } from '../parsers/libvirt-xml.ts';
import { vlanId } from '../schemas/numbers.ts';

/** One VLAN id, or a list of those that a trunk carries; gives a sorted list. */
export const virtVlan = () =>
  z
    .union([vlanId(), z.array(vlanId())], { error: 'expected a VLAN id from 1 to 4094, or a list of them' })
    .transform((value) => [...new Set([value].flat())].toSorted((a, b) => a - b));

export const vlanOf = (parent: XmlElement): number[] =>
  xmlChildren(xmlChild(parent, 'vlan'), 'tag')
    .map((tag) => Number(xmlValue(tag.attributes['id'] ?? '0')))
    .toSorted((a, b) => a - b);

export const vlanXml = (ids: readonly number[]): XmlElement | undefined =>
  ids.length === 0
    ? undefined
    : xmlElement(
        'vlan',
        { trunk: ids.length > 1 ? 'yes' : undefined },
        ids.map((id) => xmlElement('tag', { id })),
      );
