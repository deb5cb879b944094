import type { ChannelTable } from './channel-table.ts';
import type { ControlQueue } from './control-queue.ts';
import { DATA_HEADER_MAX_BYTES, encodeFrame, type Frame, type HelloFrame } from './frames.ts';
import type { LinkPath } from './link-path.ts';
import type { Chunk } from './send-channel.ts';
import type { ControlItem } from './sent-packet.ts';
import type { OutgoingPacket } from './session-types.ts';
import { ByteWriter } from './varint.ts';

const MAX_PAYLOAD_BYTES = 16_384;
/** Smaller rests are left for the next packet. */
const MIN_CHUNK_BYTES = 32;
/** While a backlog is sent, an answer is asked for at least this often, so that the rate is seen. */
const ASK_PERIOD_MS = 200;
/** A HAVE goes with an ACK at most this often. */
const HAVE_PERIOD_MS = 4000;
/** Ranges of such a HAVE; the packets' numbers tell of the others. */
const HAVE_RANGES = 4;

/** Fills payloads and tells the path what they hold. */
export class PacketBuilder {
  readonly #hello: HelloFrame;
  readonly #channels: ChannelTable;
  readonly #controls: ControlQueue;
  readonly #writer = new ByteWriter(MAX_PAYLOAD_BYTES);
  #chunks: Chunk[] = [];
  #sentControls: ControlItem[] = [];
  #haveMs = Number.NEGATIVE_INFINITY;

  constructor(hello: HelloFrame, channels: ChannelTable, controls: ControlQueue) {
    this.#hello = hello;
    this.#channels = channels;
    this.#controls = controls;
  }

  /** What the last packet carried. */
  get lastChunks(): readonly Chunk[] {
    return this.#chunks;
  }

  /** A HELLO alone, or with an ACK when the peer's came. */
  hello(path: LinkPath, nowMs: number): OutgoingPacket {
    this.#begin(path);
    if (path.hasPeerHello) this.#ack(path, nowMs);
    return this.#finish(path, { isAckEliciting: true, isPing: true, isAppLimited: true }, nowMs);
  }

  bye(path: LinkPath, frame: Extract<Frame, { type: 'bye' }>, nowMs: number): OutgoingPacket {
    this.#begin(path);
    encodeFrame(this.#writer, frame);
    return this.#finish(path, { isAckEliciting: true, isPing: false, isAppLimited: true }, nowMs);
  }

  /** An ACK, a PING or both. */
  small(path: LinkPath, isPing: boolean, nowMs: number): OutgoingPacket {
    this.#begin(path);
    if (isPing) encodeFrame(this.#writer, { type: 'ping' });
    if (path.received.ackDueMs <= nowMs || path.received.hasNews) this.#ack(path, nowMs, true);
    return this.#finish(path, { isAckEliciting: isPing, isPing, isAppLimited: true }, nowMs);
  }

  /** Control frames as many as fit; undefined when none of them is true any more. */
  controls(path: LinkPath, nowMs: number): OutgoingPacket | undefined {
    this.#begin(path);
    encodeFrame(this.#writer, { type: 'ping' });
    const empty = this.#writer.length;
    for (const item of [...this.#controls]) {
      const frame = this.#channels.frameFor(item);
      const mark = this.#writer.length;
      if (frame) encodeFrame(this.#writer, frame);
      if (this.#writer.length > path.payloadBytes && mark > empty) {
        this.#writer.truncate(mark);
        break;
      }
      this.#controls.remove(item);
      if (frame && item.kind !== 'have') this.#sentControls.push(item);
    }
    if (this.#writer.length === empty) return undefined;
    return this.#finish(path, { isAckEliciting: true, isPing: true, isAppLimited: true }, nowMs);
  }

  /** New and lost data, the channel that is furthest behind first. */
  data(path: LinkPath, nowMs: number): OutgoingPacket | undefined {
    this.#begin(path);
    const periodMs = path.rate.isStartup ? path.rtt.smoothedMs : Math.max(ASK_PERIOD_MS, path.rtt.smoothedMs);
    const catchUpBytes = Math.max(8 * path.payloadBytes, path.rate.neededBytesPerSecond / 2);
    const isAsking = this.#channels.ready.bytes >= catchUpBytes && nowMs - path.lastAskMs >= periodMs;
    const isPing = isAsking || path.isLate(nowMs);
    if (isPing) encodeFrame(this.#writer, { type: 'ping' });
    if (path.received.hasNews) this.#ack(path, nowMs);
    const { ready } = this.#channels;
    for (let channel = ready.first; channel && this.#room(path) >= MIN_CHUNK_BYTES; channel = ready.first) {
      const chunk = channel.next(this.#room(path))!;
      this.#write(path, chunk);
      channel.send(chunk, path.id);
      ready.update(channel);
    }
    if (this.#chunks.length === 0) return undefined;
    const isAppLimited = this.#channels.ready.bytes < path.payloadBytes;
    return this.#finish(path, { isAckEliciting: true, isPing, isAppLimited }, nowMs);
  }

  /** Pieces that another path carries as well, as far as the peer is not known to have them. */
  copies(path: LinkPath, nowMs: number): OutgoingPacket | undefined {
    this.#begin(path);
    while (path.copies.length > 0 && this.#room(path) >= MIN_CHUNK_BYTES) {
      const next = path.copies.shift()!;
      const parts = [...next.channel.unacked(next)];
      for (let index = 0; index < parts.length; index++) {
        const { start, end } = parts[index]!;
        const to = Math.min(end, start + Math.max(0, this.#room(path)));
        if (to > start) {
          this.#write(path, { channel: next.channel, start, end: to });
          next.channel.send({ start, end: to }, path.id);
          this.#channels.touch(next.channel);
        }
        if (to < end) path.copies.unshift({ channel: next.channel, start: to, end });
      }
    }
    if (this.#chunks.length === 0) return undefined;
    return this.#finish(path, { isAckEliciting: true, isPing: false, isAppLimited: true }, nowMs);
  }

  /** A PING padded to a size that the path may not carry. */
  probe(path: LinkPath, payloadBytes: number, nowMs: number): OutgoingPacket {
    this.#begin(path);
    encodeFrame(this.#writer, { type: 'ping' });
    this.#writer.zeros(payloadBytes - this.#writer.length);
    return this.#finish(path, { isAckEliciting: true, isPing: false, isAppLimited: true, isProbe: true }, nowMs);
  }

  #begin(path: LinkPath): void {
    this.#writer.truncate(0);
    this.#chunks = [];
    this.#sentControls = [];
    if (path.isHelloAcked) return;
    encodeFrame(this.#writer, this.#hello);
    this.#sentControls.push({ kind: 'hello', channel: 0 });
  }

  #room(path: LinkPath): number {
    return path.payloadBytes - this.#writer.length - DATA_HEADER_MAX_BYTES;
  }

  #write(path: LinkPath, chunk: Chunk): void {
    const { channel, start, end } = chunk;
    const parts: Buffer[] = [];
    for (let at = start; at < end; ) {
      const part = channel.store.read(at, end - at);
      parts.push(part);
      at += part.length;
    }
    const data = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    // A frame without length is the last: what room is left is too small for another.
    const isLast = this.#room(path) - data.length < MIN_CHUNK_BYTES + 2;
    encodeFrame(this.#writer, { type: 'data', channel: channel.id, offset: start, data }, isLast);
    this.#chunks.push(chunk);
  }

  #ack(path: LinkPath, nowMs: number, withHave = false): void {
    const ack = path.received.takeAck(nowMs);
    if (!ack) return;
    encodeFrame(this.#writer, ack);
    if (!withHave || nowMs - this.#haveMs < HAVE_PERIOD_MS) return;
    this.#haveMs = nowMs;
    for (const channel of this.#channels.subscriptions) {
      const have = channel.haveFrame(HAVE_RANGES);
      if (!have || this.#writer.length > path.payloadBytes / 2) continue;
      encodeFrame(this.#writer, have);
    }
  }

  #finish(
    path: LinkPath,
    what: { isAckEliciting: boolean; isPing: boolean; isAppLimited: boolean; isProbe?: boolean },
    nowMs: number,
  ): OutgoingPacket {
    const { isAckEliciting, isPing, isAppLimited, isProbe = false } = what;
    const payload = this.#writer.finish();
    const packetNumber = path.loss.nextNumber;
    const linkBytes = payload.length + path.options.overheadBytes;
    const sent = {
      number: packetNumber,
      sentMs: nowMs,
      linkBytes,
      payloadBytes: payload.length,
      isAckEliciting,
      chunks: this.#chunks,
      controls: this.#sentControls,
      isAppLimited,
      isProbe,
    };
    path.onSend(sent, isPing, this.#chunks.length > 0, nowMs);
    return { pathId: path.id, packetNumber, payload, isAckEliciting };
  }
}
