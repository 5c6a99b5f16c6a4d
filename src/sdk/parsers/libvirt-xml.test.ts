import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatXml,
  parseXml,
  withXmlAttributes,
  withXmlChildren,
  xmlChild,
  xmlChildren,
  xmlElement,
  xmlText,
  xmlValue,
} from './libvirt-xml.ts';

describe('libvirt XML', () => {
  it('keeps order, unknown elements and namespaces, and drops comments and indentation', () => {
    const text = `<?xml version='1.0'?>
<a x="1" q:y='2'><!-- <b> --><b/><new:thing xmlns:new='u'><z k='1'/>te&lt;x&#65;t</new:thing><b>2</b><![CDATA[<&raw>]]></a>`;
    expect(formatXml(parseXml(text, 'x'))).toBe(
      "<a x='1' q:y='2'><b/><new:thing xmlns:new='u'><z k='1'/>te&lt;xAt</new:thing><b>2</b>&lt;&amp;raw&gt;</a>\n",
    );
  });

  it.each([
    ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'web1: a <!DOCTYPE> is not taken'],
    ['<a><b></a>', "web1: no well-formed XML: line 1: Expected closing tag 'b'"],
    ['', 'web1: no well-formed XML'],
    ['<a/><b/>', 'web1: it must have one root element'],
    ['<a>&nope;</a>', 'web1: &nope; is no entity of XML'],
    ["<a b='x & y'/>", 'web1: & is no entity of XML'],
    ["<a b='1' b='2'/>", "web1: no well-formed XML: line 1: Attribute 'b' is repeated."],
  ])('refuses %s', (text, message) => {
    expect(() => parseXml(text, 'web1')).toThrow(message);
  });

  it('gives back any text and any attribute as it was', () => {
    const odd = fc.constantFrom('&', '<', '>', '"', "'", '&amp;', '&#10;', ']]>', '\n', '\t', ' ', '$()', '`', '\\');
    const words = fc.array(fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 4 }))).map((parts) => parts.join(''));
    fc.assert(
      fc.property(words, words, (attribute, text) => {
        const read = parseXml(formatXml(xmlElement('a', { k: attribute }, [xmlElement('b', {}, [`.${text}.`])])), 'x');
        expect(read.attributes['k']).toBe(attribute);
        expect(xmlText(xmlChild(read, 'b'))).toBe(`.${text}.`);
      }),
    );
  });

  it('replaces children where they stood, and attributes', () => {
    const root = parseXml("<a><b n='1'/><c/><b n='2'/></a>", 'x');
    expect(formatXml(withXmlChildren(root, 'b', [xmlElement('b', { n: 3 })]))).toBe(
      "<a>\n  <b n='3'/>\n  <c/>\n</a>\n",
    );
    expect(formatXml(withXmlChildren(root, 'd', [xmlElement('d'), undefined]))).toContain("<b n='2'/>\n  <d/>\n");
    expect(xmlChildren(withXmlChildren(root, 'b', []), 'b')).toEqual([]);
    expect(withXmlAttributes(xmlElement('a', { x: 1, y: 2 }), { x: null, y: undefined, z: 3 }).attributes).toEqual({
      y: '2',
      z: '3',
    });
  });

  it.each([
    ['0x05', '5'],
    ['0X1f', '31'],
    ['010', '10'],
    ['0', '0'],
    ['52:54', '52:54'],
    ['0xzz', '0xzz'],
  ])('reads the value %s as %s', (text, value) => {
    expect(xmlValue(text)).toBe(value);
    expect(xmlValue(value)).toBe(value);
  });
});
