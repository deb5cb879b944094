import { packNack } from './nack.ts';
import {
  type Bye,
  FEEDBACK_NACK,
  type Nack,
  type ReportBlock,
  RTCP_TYPE,
  type RtcpMessage,
  SDES_ITEM,
  type SourceDescription,
} from './rtcp.ts';

/** Blocks, chunks and sources of one message: the count has five bits. */
const MAX_COUNT = 31;
const MAX_TEXT_BYTES = 255;

/**
 * Writes a compound packet: the messages one after the other. A compound packet begins with a report and has a source
 * description with a CNAME (RFC 3550 6.1); that is the caller's choice, since a NACK may go alone (RFC 5506).
 * @throws RangeError when a message has more than 31 blocks or sources, or is of another type
 */
export function encodeRtcp(messages: readonly Exclude<RtcpMessage, { kind: 'other' }>[]): Buffer {
  return Buffer.concat(messages.map(encodeMessage));
}

function encodeMessage(message: Exclude<RtcpMessage, { kind: 'other' }>): Buffer {
  switch (message.kind) {
    case 'sender-report': {
      const body = Buffer.alloc(24);
      body.writeUInt32BE(message.ssrc, 0);
      body.writeBigUInt64BE(BigInt.asUintN(64, message.ntp), 4);
      body.writeUInt32BE(lower32(message.rtpTimestamp), 12);
      body.writeUInt32BE(lower32(message.packets), 16);
      body.writeUInt32BE(lower32(message.octets), 20);
      return frame(RTCP_TYPE.senderReport, message.blocks.length, [body, ...message.blocks.map(encodeBlock)]);
    }
    case 'receiver-report':
      return frame(RTCP_TYPE.receiverReport, message.blocks.length, [
        uint32(message.ssrc),
        ...message.blocks.map(encodeBlock),
      ]);
    case 'source-description':
      return frame(RTCP_TYPE.sourceDescription, message.sources.length, message.sources.map(encodeChunk));
    case 'bye':
      return encodeBye(message);
    case 'nack':
      return encodeNack(message);
  }
}

// The four bytes in front of a message's body, which is padded with zeros to a multiple of four.
function frame(packetType: number, count: number, parts: readonly Buffer[]): Buffer {
  if (count > MAX_COUNT) throw new RangeError('an RTCP message has at most 31 blocks');
  const body = Buffer.concat(parts);
  const message = Buffer.alloc(4 + Math.ceil(body.length / 4) * 4);
  message[0] = 0x80 | count;
  message[1] = packetType;
  message.writeUInt16BE(message.length / 4 - 1, 2);
  body.copy(message, 4);
  return message;
}

function encodeBlock(block: ReportBlock): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32BE(block.ssrc, 0);
  bytes[4] = block.fractionLost;
  bytes.writeIntBE(block.cumulativeLost, 5, 3);
  bytes.writeUInt32BE(lower32(block.highestSequence), 8);
  bytes.writeUInt32BE(lower32(block.jitter), 12);
  bytes.writeUInt32BE(lower32(block.lastSenderReport), 16);
  bytes.writeUInt32BE(lower32(block.delaySinceLastSenderReport), 20);
  return bytes;
}

// A chunk ends with at least one zero and fills whole words.
function encodeChunk(source: SourceDescription['sources'][number]): Buffer {
  const parts = [uint32(source.ssrc)];
  for (const [item, text] of [
    [SDES_ITEM.cname, source.cname],
    [SDES_ITEM.name, source.name],
    [SDES_ITEM.tool, source.tool],
  ] as const) {
    if (text !== undefined) parts.push(Buffer.from([item]), lengthAndText(text));
  }
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, Buffer.alloc(4 - (bytes % 4))]);
}

function encodeBye({ ssrcs, reason }: Bye): Buffer {
  const parts = ssrcs.map(uint32);
  if (reason !== undefined && reason !== '') parts.push(lengthAndText(reason));
  return frame(RTCP_TYPE.bye, ssrcs.length, parts);
}

function encodeNack({ senderSsrc, mediaSsrc, sequences }: Nack): Buffer {
  const entries = packNack(sequences).map(({ pid, blp }) => uint32(pid * 65_536 + blp));
  return frame(RTCP_TYPE.transportFeedback, FEEDBACK_NACK, [uint32(senderSsrc), uint32(mediaSsrc), ...entries]);
}

// One byte of length, then UTF-8, cut between characters at 255 bytes.
function lengthAndText(text: string): Buffer {
  let bytes = Buffer.from(text, 'utf8');
  if (bytes.length > MAX_TEXT_BYTES) {
    let end = MAX_TEXT_BYTES;
    while ((bytes[end]! & 0xc0) === 0x80) end--;
    bytes = bytes.subarray(0, end);
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(lower32(value));
  return bytes;
}

function lower32(value: number): number {
  return value >>> 0;
}
