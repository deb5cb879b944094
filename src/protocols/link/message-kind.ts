/**
 * The first byte of every message of the link: version in the upper four bits, kind in the next three, the key phase
 * of a record in the last.
 * @module
 */
import { ProtocolViolation } from '../../core/errors.ts';

/** The version of the link that is spoken here. */
export const LINK_VERSION = 1;

/** What a message is. */
export type MessageKind = 'record' | 'hello' | 'retry' | 'response';

const KINDS: readonly (MessageKind | undefined)[] = ['record', 'hello', 'retry', 'response'];

/** The first byte of a message. `keyPhase` is 0 or 1, for records only. */
export function firstByteOf(kind: MessageKind, keyPhase = 0): number {
  return (LINK_VERSION << 4) | (KINDS.indexOf(kind) << 1) | keyPhase;
}

/** The kind of a message of this version; undefined when it is none. */
export function messageKindOf(bytes: Uint8Array): MessageKind | undefined {
  const first = bytes[0];
  if (first === undefined || first >> 4 !== LINK_VERSION) return undefined;
  const kind = KINDS[(first >> 1) & 7];
  return kind === 'record' || (first & 1) === 0 ? kind : undefined;
}

/** Throws ProtocolViolation, in words that name the difference, unless the message is of this kind and version. */
export function demandKind(bytes: Uint8Array, wanted: MessageKind): void {
  const kind = messageKindOf(bytes);
  if (kind === wanted) return;
  const first = bytes[0];
  if (first === undefined) throw new ProtocolViolation('an empty message');
  const version = first >> 4;
  if (kind === undefined && version !== LINK_VERSION) {
    throw new ProtocolViolation(`not the link, or version ${version} of it; this is version ${LINK_VERSION}`);
  }
  throw new ProtocolViolation(`a ${kind ?? 'message of an unknown kind'} where a ${wanted} belongs`);
}
