/** What XML 1.0 has no way to carry, not even escaped (section 2.2). */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text as XML character data or attribute value; characters that XML cannot carry are left out. */
export function escapeXml(text: string): string {
  return text.replace(NOT_XML, '').replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A finished piece of XML, so that text cannot be taken for it. */
export interface XmlElement {
  readonly xml: string;
}

/** Attributes or fields by name; undefined ones are left out. */
export type XmlFields = Readonly<Record<string, string | number | undefined>>;

/** An element. `children` is text, which is escaped, or finished elements. `name` is a literal of the program. */
export function element(
  name: string,
  children: string | number | readonly XmlElement[],
  attributes: XmlFields = {},
): XmlElement {
  const inner = Array.isArray(children) ? children.map((child) => child.xml).join('') : escapeXml(String(children));
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  return { xml: `<${name}${pairs.join('')}>${inner}</${name}>` };
}

/** One element for each field, in the order of the object. */
export function fieldElements(fields: XmlFields): XmlElement[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [element(name, value)]));
}

/** A document with the declaration that Icecast writes. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0"?>\n${root.xml}\n`;
}
