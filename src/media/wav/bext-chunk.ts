/**
 * The `bext` chunk of Broadcast Wave (EBU Tech 3285, version 1): 602 bytes, then the coding history.
 * @module
 */
import { cleanText, decodeText } from '../../core/text.ts';

/** Bytes of the chunk's body before the coding history. */
export const BEXT_BYTES = 602;
/** The most bytes of the body that are kept of a file that is read. */
export const BEXT_MAX_BYTES = BEXT_BYTES + 65_536;

const DESCRIPTION = { at: 0, bytes: 256 };
const ORIGINATOR = { at: 256, bytes: 32 };
const REFERENCE = { at: 288, bytes: 32 };
const DATE = { at: 320, bytes: 10 };
const TIME = { at: 330, bytes: 8 };
const TIME_REFERENCE_AT = 338;
const VERSION_AT = 346;
const FIXED_END = 348;
const DAY_MS = 86_400_000;

/** Where and when a recording was made. Texts are cleaned: one line, no control characters. */
export interface Bext {
  readonly description: string;
  readonly originator: string;
  readonly originatorReference: string;
  /** `yyyy-mm-dd`, as the file has it. */
  readonly originationDate: string;
  /** `hh:mm:ss`, as the file has it. */
  readonly originationTime: string;
  /** Sample frames from midnight to the first one of the file; undefined where that is beyond 2^53. */
  readonly timeReference: number | undefined;
  readonly version: number;
  /** Lines are separated by a blank here. */
  readonly codingHistory: string;
}

/** Reads the body, or what is kept of it; undefined when it is too short to hold the fixed fields. */
export function parseBext(body: Buffer): Bext | undefined {
  if (body.length < FIXED_END) return undefined;
  const timeReference = body.readUInt32LE(TIME_REFERENCE_AT + 4) * 2 ** 32 + body.readUInt32LE(TIME_REFERENCE_AT);
  return {
    description: textOf(body, DESCRIPTION),
    originator: textOf(body, ORIGINATOR),
    originatorReference: textOf(body, REFERENCE),
    originationDate: textOf(body, DATE),
    originationTime: textOf(body, TIME),
    timeReference: Number.isSafeInteger(timeReference) ? timeReference : undefined,
    version: body.readUInt16LE(VERSION_AT),
    codingHistory: textOf(body, { at: BEXT_BYTES, bytes: Math.max(0, body.length - BEXT_BYTES) }),
  };
}

/** Texts end with the first NUL or with their field. */
function textOf(body: Buffer, { at, bytes }: { at: number; bytes: number }): string {
  const field = body.subarray(at, at + bytes);
  const end = field.indexOf(0);
  return cleanText(decodeText(end < 0 ? field : field.subarray(0, end)), 4096);
}

/** What a recording says of itself. Texts that are too long for their field are cut. */
export interface BextFields {
  /** At most 256 bytes. */
  readonly description: string;
  /** Who recorded it: the program; at most 32 bytes. */
  readonly originator: string;
  /** A name that tells this take from others; at most 32 bytes. */
  readonly originatorReference?: string;
  /** UTC of the first sample frame, milliseconds since 1970: origination date and time. */
  readonly startUtcMs: number;
  /** Sample frames from midnight UTC to the first one; the same for all tracks of a take. See `timeReferenceOf`. */
  readonly timeReference: number;
  /** One line a step, e.g. `A=PCM,F=48000,W=24,M=mono,T=distream`; see EBU R 98. */
  readonly codingHistory?: readonly string[];
}

/** The body of a `bext` chunk of version 1, without a UMID. */
export function buildBext(fields: BextFields): Buffer {
  const history = (fields.codingHistory ?? []).map((line) => `${cleanText(line)}\r\n`).join('');
  const body = Buffer.alloc(BEXT_BYTES + Buffer.byteLength(history));
  const start = new Date(fields.startUtcMs).toISOString();
  descriptionField(fields.description).copy(body, DESCRIPTION.at);
  putText(body, ORIGINATOR, fields.originator);
  putText(body, REFERENCE, fields.originatorReference ?? '');
  putText(body, DATE, start.slice(0, 10));
  putText(body, TIME, start.slice(11, 19));
  body.writeUInt32LE(fields.timeReference % 2 ** 32, TIME_REFERENCE_AT);
  body.writeUInt32LE(Math.floor(fields.timeReference / 2 ** 32), TIME_REFERENCE_AT + 4);
  body.writeUInt16LE(1, VERSION_AT);
  body.write(history, BEXT_BYTES);
  return body;
}

/** The 256 bytes of a description, which begin the body of the chunk. */
export function descriptionField(text: string): Buffer {
  const field = Buffer.alloc(DESCRIPTION.bytes);
  putText(field, DESCRIPTION, text);
  return field;
}

function putText(body: Buffer, { at, bytes }: { at: number; bytes: number }, text: string): void {
  // write() never cuts a character in two.
  body.write(cleanText(text), at, bytes);
}

/** Sample frames from midnight UTC to that instant, to the nearest one: what `timeReference` wants. */
export function timeReferenceOf(utcMs: number, sampleRate: number): number {
  const sinceMidnightMs = ((utcMs % DAY_MS) + DAY_MS) % DAY_MS;
  return Math.round((sinceMidnightMs * sampleRate) / 1000);
}
