const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const MAX_VALUE_CHARACTERS = 4096;

/** A header as name and value; the value may be any text. */
export type Header = readonly [name: string, value: string];

/**
 * The bytes of a head: `statusLine` (or a request line), the headers, the empty line. The one choke point for
 * header text: control characters are removed, values cut at 4,096 characters, text beyond ASCII is written as
 * UTF-8, and a header whose name is no token is left out, so that no title or name can inject a line.
 */
export function responseHead(statusLine: string, headers: Iterable<Header>): Buffer {
  let text = `${headerValue(statusLine)}\r\n`;
  for (const [name, value] of headers) {
    if (TOKEN.test(name)) text += `${name}: ${headerValue(value)}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'utf8');
}

function headerValue(text: string): string {
  return text.slice(0, MAX_VALUE_CHARACTERS).replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}
