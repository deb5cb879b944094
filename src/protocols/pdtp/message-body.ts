import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { type JsonObject, readJson } from './json-reader.ts';
import { MalformedError } from './message-fields.ts';
import type { MalformedMessage } from './messages.ts';

const MAX_SHOWN_COMMAND = 40;

/** Makes a message of its fields. May throw MalformedError and ProtocolViolation. */
export type FieldReader<T> = (fields: JsonObject) => T;

/**
 * Reads the JSON of one message, `["command", {...}]`, with the reader of its command. Further elements and unknown
 * fields are passed over. Throws ProtocolViolation for what closes a connection: no JSON, no array, a command that is
 * not in `readers`, a field that is missing or of the wrong type.
 */
export function decodeBody<T>(json: Buffer, readers: ReadonlyMap<string, FieldReader<T>>): T | MalformedMessage {
  const body = readJson(json);
  if (!Array.isArray(body)) throw new ProtocolViolation('a message that is no array');
  const [command, fields] = body;
  if (typeof command !== 'string') throw new ProtocolViolation('a message without a command');
  const read = readers.get(command);
  if (!read) throw new ProtocolViolation(`the command "${cleanText(command, MAX_SHOWN_COMMAND)}" is not known here`);
  if (typeof fields === 'string') throw new ProtocolViolation(`"${command}" with a text in place of its fields`);
  if (!(fields instanceof Map)) return { type: 'malformed', command, reason: 'it has no fields' };
  try {
    return read(fields);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { type: 'malformed', command, reason: error.message };
  }
}
