import { ProtocolViolation } from '../../core/errors.ts';
import { isPeerAddress } from './address-text.ts';
import type { JsonObject } from './json-reader.ts';
import { decodeBody, type FieldReader } from './message-body.ts';
import {
  boundedClientId,
  boundedPeer,
  boundedUrl,
  clientIdField,
  listenPortField,
  MalformedError,
  noticeField,
  optionalRange,
  optionalString,
  requiredRange,
  requiredString,
  urlField,
} from './message-fields.ts';
import type { ClientMessage, CompletedMessage, MalformedMessage, RangeMessage } from './messages.ts';

/**
 * Decodes the JSON of a message that a client said. Both names of the first message are taken in both dialects.
 * Throws ProtocolViolation for what closes the connection.
 */
export function decodeClientMessage(json: Buffer): ClientMessage | MalformedMessage {
  return decodeBody(json, READERS);
}

const READERS: ReadonlyMap<string, FieldReader<ClientMessage>> = new Map<string, FieldReader<ClientMessage>>([
  ['client_info', readRegister],
  ['register', readRegister],
  ['ask_info', (fields) => ({ type: 'ask_info', url: urlField(fields) })],
  ['request', rangeReader('request')],
  ['unrequest', rangeReader('unrequest')],
  ['provide', rangeReader('provide')],
  ['unprovide', rangeReader('unprovide')],
  ['ask_verify', readAskVerify],
  ['completed', readCompleted],
  ['protocol_error', (fields) => ({ type: 'protocol_error', message: noticeField(fields) })],
  ['protocol_warn', (fields) => ({ type: 'protocol_warn', message: noticeField(fields) })],
]);

function readRegister(fields: JsonObject): ClientMessage {
  return { type: 'register', clientId: clientIdField(fields, 'client_id'), listenPort: listenPortField(fields) };
}

function rangeReader(type: RangeMessage['type']): FieldReader<RangeMessage> {
  return (fields) => {
    const url = urlField(fields);
    const range = optionalRange(fields);
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = range ?? {};
    if (min < 0 || min > max) throw new MalformedError('the range holds no byte');
    return { type, url, range };
  };
}

function readAskVerify(fields: JsonObject): ClientMessage {
  const peer = boundedPeer(requiredString(fields, 'peer'));
  if (!isPeerAddress(peer)) throw new ProtocolViolation('"peer" is no address');
  return {
    type: 'ask_verify',
    url: urlField(fields),
    range: requiredRange(fields),
    peer,
    peerId: clientIdField(fields, 'peer_id'),
  };
}

/** The original's seed says this with null fields after a stray HTTP request, so these are no reason to close. */
function readCompleted(fields: JsonObject): CompletedMessage {
  const url = optionalString(fields, 'url');
  const range = optionalRange(fields);
  const peerId = optionalString(fields, 'peer_id');
  const peer = optionalString(fields, 'peer');
  const hash = optionalString(fields, 'hash');
  if (url === undefined || range === undefined || peerId === undefined) {
    throw new MalformedError('it names no transfer');
  }
  return {
    type: 'completed',
    url: boundedUrl(url),
    range,
    peerId: boundedClientId(peerId, 'peer_id'),
    peer: peer === undefined ? undefined : boundedPeer(peer),
    hash,
  };
}
