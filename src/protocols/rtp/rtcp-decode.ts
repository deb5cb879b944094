import { ProtocolViolation } from '../../core/errors.ts';
import { cleanText, decodeText } from '../../core/text.ts';
import { unpackNack } from './nack.ts';
import { FEEDBACK_NACK, type ReportBlock, RTCP_TYPE, type RtcpMessage, SDES_ITEM } from './rtcp.ts';

/** More messages in one datagram are refused; a report of 31 sources needs a handful. */
const MAX_MESSAGES = 64;
const BLOCK_BYTES = 24;
const MAX_TEXT = 255;

/**
 * Reads a compound packet. It must be whole: every message ends where its length says, the last one with the datagram
 * (RFC 3550 A.2). It need not begin with a report: receivers send a NACK alone (reduced size, RFC 5506).
 * @throws ProtocolViolation when it is none
 */
export function decodeRtcp(datagram: Buffer): RtcpMessage[] {
  const messages: RtcpMessage[] = [];
  let offset = 0;
  while (offset < datagram.length) {
    if (messages.length === MAX_MESSAGES) throw new ProtocolViolation('RTCP with too many messages');
    const message = cutMessage(datagram, offset);
    messages.push(decodeMessage(message));
    offset += message.length;
  }
  if (messages.length === 0) throw new ProtocolViolation('empty RTCP datagram');
  return messages;
}

function cutMessage(datagram: Buffer, offset: number): Buffer {
  if (datagram.length - offset < 4) throw new ProtocolViolation('RTCP message without a header');
  if (datagram[offset]! >>> 6 !== 2) throw new ProtocolViolation('not RTCP version 2');
  const end = offset + 4 + 4 * datagram.readUInt16BE(offset + 2);
  if (end > datagram.length) throw new ProtocolViolation('RTCP message longer than its datagram');
  return datagram.subarray(offset, end);
}

function decodeMessage(message: Buffer): RtcpMessage {
  const packetType = message[1]!;
  const count = message[0]! & 0x1f;
  const body = bodyOf(message);
  switch (packetType) {
    case RTCP_TYPE.senderReport:
      return decodeSenderReport(body, count);
    case RTCP_TYPE.receiverReport:
      need(body, 4 + count * BLOCK_BYTES);
      return { kind: 'receiver-report', ssrc: body.readUInt32BE(0), blocks: decodeBlocks(body, 4, count) };
    case RTCP_TYPE.sourceDescription:
      return decodeSourceDescription(body, count);
    case RTCP_TYPE.bye:
      return decodeBye(body, count);
    case RTCP_TYPE.transportFeedback:
      return count === FEEDBACK_NACK ? decodeNack(body) : { kind: 'other', packetType };
    default:
      return { kind: 'other', packetType };
  }
}

// What follows the first four bytes, without padding.
function bodyOf(message: Buffer): Buffer {
  if ((message[0]! & 0x20) === 0) return message.subarray(4);
  const padding = message[message.length - 1]!;
  if (padding === 0 || padding % 4 !== 0 || padding > message.length - 4) throw new ProtocolViolation('RTCP padding');
  return message.subarray(4, message.length - padding);
}

function need(body: Buffer, bytes: number): void {
  if (body.length < bytes) throw new ProtocolViolation('RTCP message shorter than its count');
}

function decodeSenderReport(body: Buffer, count: number): RtcpMessage {
  need(body, 24 + count * BLOCK_BYTES);
  return {
    kind: 'sender-report',
    ssrc: body.readUInt32BE(0),
    ntp: body.readBigUInt64BE(4),
    rtpTimestamp: body.readUInt32BE(12),
    packets: body.readUInt32BE(16),
    octets: body.readUInt32BE(20),
    blocks: decodeBlocks(body, 24, count),
  };
}

function decodeBlocks(body: Buffer, start: number, count: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let index = 0; index < count; index++) {
    const at = start + index * BLOCK_BYTES;
    blocks.push({
      ssrc: body.readUInt32BE(at),
      fractionLost: body[at + 4]!,
      cumulativeLost: body.readIntBE(at + 5, 3),
      highestSequence: body.readUInt32BE(at + 8),
      jitter: body.readUInt32BE(at + 12),
      lastSenderReport: body.readUInt32BE(at + 16),
      delaySinceLastSenderReport: body.readUInt32BE(at + 20),
    });
  }
  return blocks;
}

type Source = { ssrc: number; cname?: string; name?: string; tool?: string };

function decodeSourceDescription(body: Buffer, count: number): RtcpMessage {
  const sources: Source[] = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    if (offset + 4 > body.length) throw new ProtocolViolation('RTCP message shorter than its count');
    const source: Source = { ssrc: body.readUInt32BE(offset) };
    offset = decodeItems(body, offset + 4, source);
    sources.push(source);
  }
  return { kind: 'source-description', sources };
}

// Reads one chunk's items into `source`; answers where the next chunk begins, which is a multiple of four.
function decodeItems(body: Buffer, start: number, source: Source): number {
  let offset = start;
  while (offset < body.length && body[offset] !== SDES_ITEM.end) {
    const end = offset + 2 + (body[offset + 1] ?? 0);
    if (offset + 2 > body.length || end > body.length) throw new ProtocolViolation('RTCP item longer than its message');
    const key = ITEM_KEYS[body[offset]!];
    if (key !== undefined) source[key] = cleanText(decodeText(body.subarray(offset + 2, end)), MAX_TEXT);
    offset = end;
  }
  return (offset + 4) & ~3;
}

const ITEM_KEYS: Record<number, 'cname' | 'name' | 'tool' | undefined> = {
  [SDES_ITEM.cname]: 'cname',
  [SDES_ITEM.name]: 'name',
  [SDES_ITEM.tool]: 'tool',
};

function decodeBye(body: Buffer, count: number): RtcpMessage {
  need(body, count * 4);
  const ssrcs = Array.from({ length: count }, (_, index) => body.readUInt32BE(index * 4));
  const textStart = count * 4 + 1;
  const textBytes = body[textStart - 1];
  if (textBytes === undefined || textBytes === 0) return { kind: 'bye', ssrcs };
  need(body, textStart + textBytes);
  const text = decodeText(body.subarray(textStart, textStart + textBytes));
  return { kind: 'bye', ssrcs, reason: cleanText(text, MAX_TEXT) };
}

function decodeNack(body: Buffer): RtcpMessage {
  need(body, 12);
  const sequences: number[] = [];
  for (let at = 8; at + 4 <= body.length; at += 4) {
    sequences.push(...unpackNack({ pid: body.readUInt16BE(at), blp: body.readUInt16BE(at + 2) }));
  }
  return { kind: 'nack', senderSsrc: body.readUInt32BE(0), mediaSsrc: body.readUInt32BE(4), sequences };
}
