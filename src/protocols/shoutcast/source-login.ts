/**
 * The server's side of a SHOUTcast v1 source (port + 1): a password line, the answer, headers, then audio.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';

const MAX_PASSWORD_BYTES = 4 * 1024;
const CR = 13;
const LF = 10;
const HTTP_LINE = /^[A-Z]{1,16} \S.* (?:HTTP|ICE)\/\d\.\d$/;

/** The answer to the right password. */
export const SHOUTCAST_ACCEPTED: Buffer = Buffer.from('OK2\r\nicy-caps:11\r\n\r\n');
/** The answer to a wrong password; the connection closes after it. */
export const SHOUTCAST_REFUSED: Buffer = Buffer.from('invalid password\r\n');

/** An HTTP request came where a SHOUTcast password is expected: a player or browser at the port for sources. */
export class HttpAtSourcePort extends ProtocolViolation {
  constructor() {
    super('an HTTP request where a SHOUTcast password is expected');
    this.name = 'HttpAtSourcePort';
  }
}

/** A password line that is complete. */
export interface PasswordLine {
  /** Without its line end; UTF-8, wrong bytes as Latin-1. Not cleaned: a secret, never to be logged. */
  readonly password: string;
  /** The bytes after the line; a view on the last chunk. */
  readonly rest: Buffer;
}

/** Reads the password line: it ends with CRLF, LF, or CR CR LF. At most 4 KiB. */
export class PasswordLineReader {
  #held: Buffer = Buffer.alloc(0);

  /** Takes the next bytes. Throws ProtocolViolation when the line is too long or binary, HttpAtSourcePort when it is a request. */
  push(chunk: Buffer): PasswordLine | undefined {
    const end = chunk.indexOf(LF);
    const part = end < 0 ? chunk : chunk.subarray(0, end);
    if (this.#held.length + part.length > MAX_PASSWORD_BYTES) throw new ProtocolViolation('password line too long');
    this.#held = Buffer.concat([this.#held, part]);
    if (end < 0) return undefined;
    return { password: passwordOf(this.#held), rest: chunk.subarray(end + 1) };
  }
}

function passwordOf(line: Buffer): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === CR) end--;
  const bytes = line.subarray(0, end);
  const text = bytes.toString('utf8');
  const password = text.includes('\ufffd') ? bytes.toString('latin1') : text;
  if (/[\u0000-\u001f\u007f]/.test(password)) throw new ProtocolViolation('control byte in the password line');
  if (HTTP_LINE.test(password)) throw new HttpAtSourcePort();
  return password;
}
