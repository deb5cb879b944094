/**
 * Messages as bytes. In dialect 1 names and order of the fields are those of the original, byte for byte; in dialect 2
 * fields that the draft renamed are written under both names.
 * @module
 */
import type { RangeSpec } from './byte-range.ts';
import type { Dialect } from './dialect.ts';
import { encodeFrame } from './framing.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';

/** What a client says, framed. Throws RangeError when it is too long for a frame. */
export function encodeClientMessage(message: ClientMessage, dialect: Dialect): Buffer {
  return encodeFrame(clientJson(message, dialect), dialect);
}

/**
 * What a server says, framed. Throws RangeError when it is too long for a frame, and for an order to `put` in
 * dialect 1, whose clients cannot carry it out.
 */
export function encodeServerMessage(message: ServerMessage, dialect: Dialect): Buffer {
  return encodeFrame(serverJson(message, dialect), dialect);
}

type Fields = Readonly<Record<string, unknown>>;

const json = (command: string, fields: Fields): string => JSON.stringify([command, fields]);

function clientJson(message: ClientMessage, dialect: Dialect): string {
  switch (message.type) {
    case 'register':
      return json(dialect === 1 ? 'client_info' : 'register', {
        listen_port: message.listenPort,
        client_id: message.clientId,
      });
    case 'ask_info':
      return json('ask_info', { url: message.url });
    case 'request':
    case 'unrequest':
    case 'provide':
    case 'unprovide':
      return json(message.type, { url: message.url, range: message.range && rangeFields(message.range) });
    case 'ask_verify':
      return json('ask_verify', {
        url: message.url,
        peer: message.peer,
        range: rangeFields(message.range),
        peer_id: message.peerId,
      });
    case 'completed':
      return json('completed', {
        url: message.url,
        peer: message.peer,
        range: rangeFields(message.range),
        peer_id: message.peerId,
        hash: message.hash ?? null,
      });
    case 'protocol_error':
    case 'protocol_warn':
      return json(message.type, { message: message.message });
  }
}

function serverJson(message: ServerMessage, dialect: Dialect): string {
  const isDraft = dialect === 2;
  switch (message.type) {
    case 'tell_info': {
      const { url, file, error } = message;
      if (!file) return json('tell_info', isDraft ? { url, error: error ?? 'not found' } : { url });
      const { size, chunkSize, isStreaming, version, start } = file;
      const both = isDraft ? { chunkSize } : {};
      return json('tell_info', { url, size, chunk_size: chunkSize, ...both, streaming: isStreaming, version, start });
    }
    case 'transfer': {
      const { host, port, method, url, peerId } = message;
      if (method === 'put' && !isDraft) throw new RangeError('a client of dialect 1 cannot carry out a put');
      const both = isDraft ? { peer: host } : {};
      const range = rangeFields(message.range);
      return json('transfer', { host, ...both, port, method, url, range, peer_id: peerId });
    }
    case 'tell_verify':
      return json('tell_verify', {
        url: message.url,
        peer_id: message.peerId,
        range: rangeFields(message.range),
        peer: message.peer,
        is_authorized: message.isAuthorized,
        ...(isDraft && { authorized: message.isAuthorized }),
      });
    case 'hash_verify':
      return json('hash_verify', { url: message.url, range: rangeFields(message.range), hash_ok: message.isHashOk });
    case 'protocol_error':
    case 'protocol_warn':
      return json(message.type, { message: message.message });
  }
}

/** The bounds in the order of the original; a missing one is left out. */
function rangeFields({ min, max }: RangeSpec): Fields {
  return { min, max };
}
