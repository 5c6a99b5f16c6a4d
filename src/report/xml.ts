export interface XmlElement {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | number | undefined>>;
  readonly children?: readonly (XmlElement | string)[];
}

/** An XML document. Characters that XML cannot hold at all become U+FFFD. */
export const xmlDocument = (root: XmlElement): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, '')}\n`;

function element({ name, attributes = {}, children = [] }: XmlElement, indent: string): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`)
    .join('');
  if (children.length === 0) return `${indent}<${name}${written}/>`;
  // Text keeps its white space, so nothing is put around it.
  if (children.every((child) => typeof child === 'string'))
    return `${indent}<${name}${written}>${children.map(escapeText).join('')}</${name}>`;
  const inner = children.map((child) =>
    typeof child === 'string' ? escapeText(child) : element(child, `${indent}  `),
  );
  return [`${indent}<${name}${written}>`, ...inner, `${indent}</${name}>`].join('\n');
}

const escapeText = (text: string): string =>
  valid(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');

// White space other than a blank would be normalised to a blank in an attribute.
const escapeAttribute = (text: string): string =>
  escapeText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');

/** @see https://www.w3.org/TR/xml/#charsets */
const valid = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    // XML may hold these, but the terminal that a report is shown on would obey.
    .replace(/[\u007f-\u009f\u2028\u2029]|\p{Bidi_Control}/gu, '\ufffd');
