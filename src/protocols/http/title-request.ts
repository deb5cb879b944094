/**
 * Requests that set a title: old encoders write the title into the target as it is, with spaces and in any charset, and
 * end lines with LF alone. Only these two targets are taken so, and only by GET.
 * @module
 */
import type { RequestHead } from './request-head.ts';

const TITLE_REQUEST = /^GET (\/admin(?:\.cgi|\/metadata)\?[\t\x20-\x7e\x80-\xff]*) (HTTP\/1\.[01])$/;
const TITLE_TARGET = /^\/admin(?:\.cgi|\/metadata)(?:\?|$)/;
const UNSENDABLE = /[^!-~]/g;

/** The request line of a title update, with every byte that a target may not hold percent-encoded; undefined for any other line. */
export function titleRequestLine(line: string): Pick<RequestHead, 'method' | 'target' | 'version'> | undefined {
  const match = TITLE_REQUEST.exec(line);
  if (!match) return undefined;
  const target = match[1]!.replace(UNSENDABLE, escapeByte);
  return { method: 'GET', target, version: match[2] as RequestHead['version'] };
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/**
 * The head of a title update written anew, so that a strict parser takes it; undefined for any other request, whose
 * bytes are handed on untouched. HTTP/1.0, which needs no `Host`.
 */
export function rewrittenTitleHead({ method, target, headers }: RequestHead): Buffer | undefined {
  if (method !== 'GET' || !TITLE_TARGET.test(target) || headers.has('transfer-encoding')) return undefined;
  const lines = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${target} HTTP/1.0\r\n${lines.join('')}\r\n`, 'latin1');
}
