import { z } from 'zod';
import { xmlChild, xmlElement, type XmlElement } from '../parsers/libvirt-xml.ts';
import { int } from '../schemas/int.ts';

const kilobytes = () => int({ min: 1, max: 4_294_967_295, what: 'a rate in kilobytes' });

const direction = {
  average: kilobytes().describe('kilobytes (not bits) a second'),
  peak: kilobytes().optional().describe('kilobytes a second at most'),
  burst: kilobytes().optional().describe('kilobytes sent at the peak rate'),
};

/** Bandwidth as libvirt has it: kilo**bytes** a second. `null` for a direction: no limit. */
export const virtBandwidth = () =>
  z.strictObject({
    inbound: z
      .strictObject({ ...direction, floor: kilobytes().optional().describe('kilobytes a second that are assured') })
      .nullable()
      .optional()
      .describe('to the guest; in kilobytes, not kilobits, a second'),
    outbound: z
      .strictObject(direction)
      .nullable()
      .optional()
      .describe('from the guest; in kilobytes, not kilobits, a second'),
  });

type Direction = { readonly [key in (typeof keys)[number]]?: number | undefined };
const keys = ['average', 'peak', 'burst', 'floor'] as const;

/** Canonical: `average=1000 peak=5000`; null for no limit. */
export const bandwidthText = (given: Direction | null | undefined): string | null | undefined => {
  if (given === null || given === undefined) return given;
  return keys.flatMap((key) => (given[key] === undefined ? [] : [`${key}=${given[key]}`])).join(' ');
};

export function bandwidthOf(parent: XmlElement, way: 'inbound' | 'outbound'): string | null {
  const attributes = xmlChild(parent, 'bandwidth', way)?.attributes ?? {};
  const text = keys.flatMap((key) => (attributes[key] === undefined ? [] : [`${key}=${attributes[key]}`])).join(' ');
  return text === '' ? null : text;
}

/** `<bandwidth>` of canonical texts; undefined where neither way is limited. */
export function bandwidthXml(inbound: string | null, outbound: string | null): XmlElement | undefined {
  const ways = [
    ['inbound', inbound],
    ['outbound', outbound],
  ] as const;
  const children = ways.flatMap(([name, text]) => {
    if (text === null) return [];
    const pairs = text.split(' ').map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']);
    return [xmlElement(name, Object.fromEntries(pairs))];
  });
  return children.length === 0 ? undefined : xmlElement('bandwidth', {}, children);
}
