import { createRequire } from 'node:module';
import type * as Package from 'fast-xml-parser';
import { z } from 'zod';
import { KvmnetError } from '../../util/errors.ts';

/** An element of XML, with all it holds in its order; text nodes are strings. Comments are left out, as libvirt does. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
}

export type XmlNode = XmlElement | string;

// Every module loads the SDK and few need XML: the package is loaded with the first document.
const load = createRequire(import.meta.url);
const packageOfXml = (): typeof Package => load('fast-xml-parser') as typeof Package;

const parser = (): Package.XMLParser =>
  new (packageOfXml().XMLParser)({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    // Numeric references (&#10;) are among them.
    htmlEntities: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
  });

const Attributes = z.record(z.string(), z.string());
const Nodes = z.array(z.record(z.string(), z.unknown()));

/**
 * The root element of a document.
 * @param what - named in errors: `xml of the domain web1`
 * @throws KvmnetError `refused` for what is no well-formed XML, and for anything with a document type (its entities)
 */
export function parseXml(text: string, what: string): XmlElement {
  const no = (why: string, hint?: string): KvmnetError => new KvmnetError('refused', `${what}: ${why}`, { hint });
  if (/<!DOCTYPE/i.test(text)) throw no('a <!DOCTYPE> is not taken', 'remove it: libvirt needs none');
  const verdict = packageOfXml().XMLValidator.validate(text.trim());
  if (verdict !== true) throw no(`no well-formed XML: line ${verdict.err.line}: ${verdict.err.msg}`);
  const entity = /&(?!(?:lt|gt|amp|quot|apos|#\d+|#x[\da-f]+);)[^\s;]{0,20};?/i.exec(withoutCdata(text))?.[0];
  if (entity !== undefined) throw no(`${entity} is no entity of XML`, 'write & as &amp;');
  const roots = nodesOf(parser().parse(text)).filter((node) => typeof node !== 'string');
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw no('it must have one root element');
  return root;
}

const withoutCdata = (text: string): string => text.replaceAll(/<!\[CDATA\[.*?\]\]>|<!--.*?-->/gs, '');

function nodesOf(raw: unknown): readonly XmlNode[] {
  return Nodes.parse(raw).flatMap((item): XmlNode[] => {
    const { ':@': attributes = {}, '#text': text, ...rest } = item;
    if (typeof text === 'string') return text.trim() === '' ? [] : [text];
    return Object.entries(rest).map(([name, children]) => ({
      name,
      attributes: Attributes.parse(attributes),
      children: nodesOf(children),
    }));
  });
}

export const xmlElement = (
  name: string,
  attributes: Readonly<Record<string, string | number | null | undefined>> = {},
  children: readonly (XmlNode | undefined)[] = [],
): XmlElement => ({
  name,
  attributes: Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) =>
      value === null || value === undefined ? [] : [[key, String(value)]],
    ),
  ),
  children: children.filter((child) => child !== undefined),
});

/** The text of an element, with everything escaped that could end a value or an element. */
export function formatXml(element: XmlElement, indent = ''): string {
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}='${escaped(value)}'`);
  const head = `${indent}<${element.name}${attributes.join('')}`;
  if (element.children.length === 0) return `${head}/>\n`;
  if (element.children.some((child) => typeof child === 'string')) {
    const inner = element.children.map((child) =>
      typeof child === 'string' ? escaped(child) : formatXml(child).trimEnd(),
    );
    return `${head}>${inner.join('')}</${element.name}>\n`;
  }
  const inner = element.children.map((child) => (typeof child === 'string' ? '' : formatXml(child, `${indent}  `)));
  return `${head}>\n${inner.join('')}${indent}</${element.name}>\n`;
}

// A line break or tab in an attribute would come back as a space.
const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ["'", '&apos;'],
  ['"', '&quot;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
  ['\t', '&#9;'],
]);
const escaped = (text: string): string => text.replaceAll(/[&<>'"\n\r\t]/g, (char) => entities.get(char) ?? char);

const isElement = (node: XmlNode): node is XmlElement => typeof node !== 'string';

export const xmlChildren = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  (element?.children ?? []).filter(isElement).filter((child) => child.name === name);

/** The first element at a path below: `xmlChild(domain, 'memoryBacking', 'access')`. */
export const xmlChild = (element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined =>
  path.reduce((at, name) => xmlChildren(at, name)[0], element);

export const xmlText = (element: XmlElement | undefined): string | undefined =>
  element?.children
    .filter((child) => typeof child === 'string')
    .join('')
    .trim();

/** A value as libvirt compares it: `0x05`, `05` and `5` are the same number. */
export function xmlValue(value: string): string {
  const text = value.trim();
  if (/^0x[\da-f]{1,12}$/i.test(text)) return String(Number.parseInt(text, 16));
  return /^0+\d+$/.test(text) && text.length < 12 ? text.replace(/^0+(?=\d)/, '') : text;
}

/** The element with the children of one name replaced, in the place of the first of them; the rest stays as it is. */
export function withXmlChildren(
  element: XmlElement,
  name: string,
  replacement: readonly (XmlElement | undefined)[],
): XmlElement {
  const wanted = replacement.filter((child) => child !== undefined);
  const first = element.children.findIndex((child) => isElement(child) && child.name === name);
  const others = (nodes: readonly XmlNode[]): readonly XmlNode[] =>
    nodes.filter((child) => !isElement(child) || child.name !== name);
  const before = first === -1 ? element.children : element.children.slice(0, first);
  const after = first === -1 ? [] : others(element.children.slice(first));
  return { ...element, children: [...before, ...wanted, ...after] };
}

/** The element with attributes set, or taken away where the value is null; `undefined` leaves one alone. */
export function withXmlAttributes(
  element: XmlElement,
  changes: Readonly<Record<string, string | number | null | undefined>>,
): XmlElement {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return xmlElement(element.name, { ...element.attributes, ...Object.fromEntries(given) }, element.children);
}
