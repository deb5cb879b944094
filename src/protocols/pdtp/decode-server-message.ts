import { cleanText } from '../../core/text.ts';
import { isPeerHost } from './address-text.ts';
import { closedRange } from './byte-range.ts';
import { chunkCount, MAX_CHUNKS } from './chunks.ts';
import type { JsonObject } from './json-reader.ts';
import { decodeBody, type FieldReader } from './message-body.ts';
import {
  boundedPeer,
  clientIdField,
  isPort,
  MalformedError,
  noticeField,
  optionalBoolean,
  optionalInteger,
  optionalString,
  requiredBoolean,
  requiredInteger,
  requiredRange,
  requiredString,
  urlField,
} from './message-fields.ts';
import type {
  FileInfo,
  MalformedMessage,
  ServerMessage,
  TransferMessage,
  UnusableTransferMessage,
} from './messages.ts';

const MAX_CHUNK_BYTES = 2 ** 28;
const MAX_ERROR_CHARACTERS = 300;
const MAX_VERSION_CHARACTERS = 64;

type Readable = ServerMessage | UnusableTransferMessage;

/**
 * Decodes the JSON of a message that a server said. Fields are taken under the names of both dialects; a message that
 * only clients say is malformed, as the original's client passes it over. Throws ProtocolViolation for what closes the
 * connection.
 */
export function decodeServerMessage(json: Buffer): Readable | MalformedMessage {
  return decodeBody(json, READERS);
}

const CLIENT_COMMANDS = [
  'client_info',
  'register',
  'ask_info',
  'request',
  'unrequest',
  'provide',
  'unprovide',
  'ask_verify',
  'completed',
];

const READERS: ReadonlyMap<string, FieldReader<Readable>> = new Map<string, FieldReader<Readable>>([
  ['tell_info', readTellInfo],
  ['transfer', readTransfer],
  ['tell_verify', readTellVerify],
  [
    'hash_verify',
    (fields) => ({
      type: 'hash_verify',
      url: urlField(fields),
      range: requiredRange(fields),
      isHashOk: requiredBoolean(fields, 'hash_ok'),
    }),
  ],
  ['protocol_error', (fields) => ({ type: 'protocol_error', message: noticeField(fields) })],
  ['protocol_warn', (fields) => ({ type: 'protocol_warn', message: noticeField(fields) })],
  ...CLIENT_COMMANDS.map((command): [string, FieldReader<Readable>] => [command, refuseClientCommand]),
]);

function refuseClientCommand(): never {
  throw new MalformedError('only clients say that');
}

function readTellInfo(fields: JsonObject): ServerMessage {
  const error = optionalString(fields, 'error');
  return {
    type: 'tell_info',
    url: urlField(fields),
    file: readFileInfo(fields),
    error: error === undefined ? undefined : cleanText(error, MAX_ERROR_CHARACTERS),
  };
}

function readFileInfo(fields: JsonObject): FileInfo | undefined {
  const size = optionalInteger(fields, 'size');
  const chunkSize = optionalInteger(fields, 'chunk_size', 'chunkSize');
  const isStreaming = optionalBoolean(fields, 'streaming') ?? false;
  if (size === undefined || chunkSize === undefined) return undefined;
  if (size < 0 || chunkSize < 1 || chunkSize > MAX_CHUNK_BYTES) throw new MalformedError('sizes that cannot be');
  if (!isStreaming && chunkCount({ size, chunkSize }) > MAX_CHUNKS) {
    throw new MalformedError(`a file of more than ${MAX_CHUNKS} chunks`);
  }
  const version = optionalString(fields, 'version')?.slice(0, MAX_VERSION_CHARACTERS);
  const start = optionalInteger(fields, 'start');
  return {
    size,
    chunkSize,
    isStreaming,
    ...(version !== undefined && { version }),
    ...(start !== undefined && start >= 0 && start <= size && { start }),
  };
}

function readTransfer(fields: JsonObject): TransferMessage | UnusableTransferMessage {
  const host = boundedPeer(requiredString(fields, 'host', 'peer'));
  const port = requiredInteger(fields, 'port');
  const method = requiredString(fields, 'method');
  const url = urlField(fields);
  const range = requiredRange(fields);
  const peerId = clientIdField(fields, 'peer_id');
  const closed = closedRange(range);
  const unusable = (reason: string): UnusableTransferMessage => ({
    type: 'unusable_transfer',
    reason,
    host,
    url,
    range,
    peerId,
  });
  if (!isPeerHost(host)) return unusable('the host is neither a name nor an address');
  if (!isPort(port)) return unusable('there is no such port');
  if (method !== 'get' && method !== 'put') return unusable('the method is neither get nor put');
  if (!closed) return unusable('the range has not both bounds');
  return { type: 'transfer', host, port, method, url, range: closed, peerId };
}

function readTellVerify(fields: JsonObject): ServerMessage {
  return {
    type: 'tell_verify',
    url: urlField(fields),
    range: requiredRange(fields),
    peer: boundedPeer(requiredString(fields, 'peer')),
    peerId: clientIdField(fields, 'peer_id'),
    isAuthorized: requiredBoolean(fields, 'is_authorized', 'authorized'),
  };
}
