import { ProtocolViolation } from '../../core/errors.ts';
import type { ChannelStore } from './channel-store.ts';
import { ChannelTable } from './channel-table.ts';
import { ControlQueue } from './control-queue.ts';
import { type AckFrame, decodeFrames, type Frame, type HelloFrame, LINK_VERSION } from './frames.ts';
import { LinkPath, type PathOptions } from './link-path.ts';
import { PacketBuilder } from './packet-builder.ts';
import { PathChooser } from './path-policy.ts';
import type { ReceiveChannel } from './receive-channel.ts';
import type { SentPacket } from './sent-packet.ts';
import { statusOf } from './session-status.ts';
import type { OutgoingPacket, SessionEvents, SessionOptions, SessionStatus } from './session-types.ts';

/** Data waits at most this long for a packet to fill. */
const FILL_MS = 100;
const NEED_PERIOD_MS = 500;
/** A path that was heard so lately is not asked because another is late. */
const FRESH_MS = 300;
const REMEMBERED_INSTANCES = 8;
/** A peer that acknowledges this quickly has a short reserve: its data is hedged. */
const HEDGE_ACK_DELAY_MS = 250;

/** The longest an acknowledgement waits, for a reserve: a long reserve needs few. */
export function ackDelayFor(reserveMs: number): number {
  return Math.round(Math.min(500, Math.max(100, reserveMs / 20)));
}

/** The HELLO at the front of a path's first payload, by which its owner finds the session. Throws ProtocolViolation. */
export function readHello(payload: Buffer): HelloFrame | undefined {
  const first = decodeFrames(payload)[0];
  return first?.type === 'hello' ? first : undefined;
}

/**
 * Joins two nodes over any number of paths. Without I/O: fed opened payloads and time, it answers payloads to seal.
 * After each `receive`, `tick` or `wake`, call `poll` until it gives nothing, then `tick` again at `nextTimeoutMs`.
 * Times are of one monotonic clock, in milliseconds.
 */
export class LinkSession {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #paths = new Map<number, LinkPath>();
  readonly #controls = new ControlQueue();
  readonly #channels: ChannelTable;
  readonly #chooser: PathChooser;
  readonly #builder: PacketBuilder;
  #peerInstance: string | undefined;
  #goneInstances: string[] = [];
  #needMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #bye: { code: number; reason: string; left: Set<number> } | undefined;

  constructor(options: SessionOptions) {
    this.id = options.sessionId;
    this.#options = options;
    this.#events = options.events ?? {};
    this.#channels = new ChannelTable(this.#controls, () => this.#events.wake?.());
    this.#chooser = new PathChooser(options.policy);
    const { sessionId, instance, reserveMs } = options;
    const maxAckDelayMs = ackDelayFor(reserveMs);
    const hello: HelloFrame = { type: 'hello', version: LINK_VERSION, sessionId, instance, maxAckDelayMs };
    this.#builder = new PacketBuilder(hello, this.#channels, this.#controls);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Offers a stream to the peer. The store stays the caller's. Throws RangeError; see ChannelTable. */
  publish(store: ChannelStore): void {
    this.#channels.publish(store);
    this.#events.wake?.();
  }

  unpublish(store: ChannelStore): void {
    this.#channels.unpublish(store);
    this.#events.wake?.();
  }

  /** Takes a stream as soon as the peer offers it. */
  subscribe(channel: ReceiveChannel): void {
    this.#channels.subscribe(channel);
    this.#events.wake?.();
  }

  unsubscribe(channel: ReceiveChannel): void {
    this.#channels.unsubscribe(channel);
    this.#events.wake?.();
  }

  /** Attaches a connection whose handshake is done. Ids are the owner's, never used twice. */
  addPath(pathId: number, options: PathOptions, nowMs: number): void {
    this.#paths.set(pathId, new LinkPath(pathId, options, ackDelayFor(this.#options.reserveMs), nowMs));
  }

  /** The connection is gone; what was under way on it goes by others. */
  removePath(pathId: number, nowMs: number): void {
    const path = this.#paths.get(pathId);
    if (!path) return;
    this.#paths.delete(pathId);
    this.#chooser.forget(path);
    this.#lose(path, path.loss.takeAll(), nowMs);
    for (const channel of this.#channels.sends) channel.forgetPath(pathId);
    this.#rescue(nowMs);
  }

  /** The carrier's buffer is full, or takes more again. */
  setWritable(pathId: number, isWritable: boolean): void {
    const path = this.#paths.get(pathId);
    if (path) path.isWritable = isWritable;
  }

  /**
   * A payload came by a path. Throws ProtocolViolation for what the peer may not send: its owner then closes the path
   * (and may close the session). The payload is kept, never written to.
   */
  receive(pathId: number, packetNumber: number, payload: Buffer, nowMs: number): void {
    const path = this.#paths.get(pathId);
    if (!path || this.#isClosed) return;
    const frames = decodeFrames(payload);
    if (path.received.isDuplicate(packetNumber)) return;
    const hello = frames.find((frame) => frame.type === 'hello');
    if (hello) this.#hello(path, hello, nowMs);
    // Overtook the HELLO: it is not acknowledged, so it comes again.
    if (!path.hasPeerHello) return;
    path.onReceive(payload.length, nowMs);
    let isTaken = true;
    let isAckEliciting = false;
    let wantsAck = false;
    for (const frame of frames) {
      if (frame.type === 'ack') this.#ack(path, frame, nowMs);
      else if (!this.#take(frame, nowMs)) isTaken = false;
      if (frame.type === 'ping' || frame.type === 'hello') wantsAck = true;
      if (frame.type !== 'ack' && frame.type !== 'have') isAckEliciting = true;
    }
    if (isTaken) path.received.add(packetNumber, nowMs, isAckEliciting, wantsAck);
  }

  /** Does what is due: losses by time, paths that no longer answer. */
  tick(nowMs: number): void {
    if (this.#isClosed) return;
    for (const path of this.#paths.values()) {
      if (path.loss.lossDueMs <= nowMs) this.#lose(path, path.detectLost(nowMs), nowMs);
      if (path.doubt(nowMs)) this.#askOthers(path, FRESH_MS, nowMs);
      if (!path.checkLife(nowMs)) continue;
      this.#events.pathState?.(path.id, 'suspect');
      this.#askOthers(path, 0, nowMs);
    }
    this.#rescue(nowMs);
    if (nowMs - this.#needMs >= NEED_PERIOD_MS) this.#measureNeed(nowMs);
  }

  /** The next payload to send, or undefined when there is none now. */
  poll(nowMs: number): OutgoingPacket | undefined {
    if (this.#isClosed) return this.#pollBye(nowMs);
    this.#channels.update(nowMs);
    for (const path of this.#paths.values()) {
      const packet = this.#pollPath(path, nowMs);
      if (packet) return packet;
    }
    return this.#pollShared(nowMs);
  }

  /** When `tick` and `poll` have something to do next, at the latest; infinity when never. */
  nextTimeoutMs(nowMs: number): number {
    if (this.#isClosed) return this.#bye && this.#bye.left.size > 0 ? nowMs : Number.POSITIVE_INFINITY;
    let dueMs = this.#needMs + NEED_PERIOD_MS;
    for (const path of this.#paths.values()) {
      if (path.sentPackets === 0) return nowMs;
      dueMs = Math.min(dueMs, path.timeoutMs);
      if (!path.isWritable) continue;
      dueMs = Math.min(dueMs, path.pingDueMs, path.received.ackDueMs);
      if (path.copies.length > 0 && this.#hasRoom(path)) dueMs = Math.min(dueMs, path.rate.nextSendMs);
    }
    const path = this.#chooser.choose(this.#paths.values(), (other) => this.#canSend(other, nowMs));
    if (path && this.#hasRoom(path)) {
      dueMs = Math.min(dueMs, Math.max(this.#dataDueMs(path, nowMs), path.rate.nextSendMs));
    }
    return dueMs;
  }

  /** Ends the session: the peer is told once on each path; the owner closes the paths when `poll` gives nothing. */
  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#bye = { code, reason, left: new Set(this.#paths.keys()) };
    this.#channels.close();
  }

  status(): SessionStatus {
    return statusOf(this.#paths.values(), this.#channels.sends);
  }

  #hello(path: LinkPath, hello: HelloFrame, nowMs: number): void {
    if (hello.version !== LINK_VERSION) throw new ProtocolViolation(`link version ${hello.version}`);
    if (hello.sessionId !== this.id) throw new ProtocolViolation('HELLO of another session');
    if (this.#goneInstances.includes(hello.instance)) throw new ProtocolViolation('HELLO of a process that is gone');
    if (this.#peerInstance !== undefined && this.#peerInstance !== hello.instance) this.#restartPeer(path);
    this.#peerInstance = hello.instance;
    const before = path.state;
    if (!path.onHello(hello.maxAckDelayMs, nowMs)) return;
    this.#channels.addHaves();
    if (before !== path.state) this.#events.pathState?.(path.id, path.state);
    this.#measureNeed(nowMs);
    this.#rescue(nowMs);
  }

  #restartPeer(kept: LinkPath): void {
    this.#goneInstances = [...this.#goneInstances, this.#peerInstance!].slice(-REMEMBERED_INSTANCES);
    for (const path of [...this.#paths.values()]) {
      // A path without the peer's HELLO belongs to the new instance or to nobody.
      if (path === kept || !path.hasPeerHello) continue;
      this.#paths.delete(path.id);
      this.#chooser.forget(path);
      this.#events.pathClosed?.(path.id);
    }
    this.#controls.clear();
    this.#channels.resetPeer();
    this.#events.peerRestarted?.();
  }

  #take(frame: Frame, nowMs: number): boolean {
    if (frame.type === 'bye') {
      this.#isClosed = true;
      this.#channels.close();
      this.#events.closed?.(frame.code, frame.reason);
      return true;
    }
    const isTaken = this.#channels.receive(frame, nowMs);
    if (frame.type === 'open') this.#events.offered?.(frame);
    return isTaken;
  }

  #ack(path: LinkPath, frame: AckFrame, nowMs: number): void {
    const before = path.state;
    const { acked, late } = path.onAck(frame, nowMs);
    this.#events.acknowledged?.(path.id, frame.ranges[0]!.end - 1);
    const newest = acked.at(-1);
    if (newest) this.#events.acknowledged?.(path.id, newest.number);
    for (const packet of acked) this.#arrived(path, packet);
    for (const packet of late) this.#arrived(path, packet);
    this.#lose(path, path.detectLost(nowMs), nowMs);
    if (before === path.state) return;
    this.#events.pathState?.(path.id, path.state);
    this.#channels.addHaves();
    this.#rescue(nowMs);
  }

  #arrived(path: LinkPath, { controls, chunks }: SentPacket): void {
    for (const { kind } of controls) if (kind === 'hello') path.isHelloAcked = true;
    for (const chunk of chunks) {
      chunk.channel.acked(chunk);
      this.#channels.touch(chunk.channel);
    }
  }

  #lose(path: LinkPath, packets: readonly SentPacket[], nowMs: number): void {
    for (const { chunks, controls } of packets) {
      for (const chunk of chunks) {
        chunk.channel.lost(chunk, path.id, nowMs);
        this.#channels.lost(chunk.channel);
      }
      for (const { kind, channel } of controls) {
        if (kind !== 'hello') this.#controls.add(kind, channel);
      }
    }
    this.#channels.update(nowMs);
  }

  // What cut one path may have cut all: an idle one would be taken for alive until its own time to ask.
  #askOthers(silent: LinkPath, freshMs: number, nowMs: number): void {
    for (const path of this.#paths.values()) if (path !== silent) path.ask(freshMs, nowMs);
  }

  // What is under way on suspect paths goes by a path that lives; they may still acknowledge it.
  #rescue(nowMs: number): void {
    let hasAlive = false;
    let hasSuspect = false;
    for (const { state, isRescued } of this.#paths.values()) {
      if (state === 'alive') hasAlive = true;
      if (state === 'suspect' && !isRescued) hasSuspect = true;
    }
    if (!hasAlive || !hasSuspect) return;
    for (const path of this.#paths.values()) {
      if (path.state !== 'suspect' || path.isRescued) continue;
      path.isRescued = true;
      this.#lose(path, [...path.loss.inFlight()], nowMs);
    }
  }

  #measureNeed(nowMs: number): void {
    this.#needMs = nowMs;
    let need = 0;
    for (const channel of this.#channels.sends) if (channel.isWanted) need += channel.store.bytesPerSecond;
    for (const path of this.#paths.values()) {
      const { payloadBytes, options } = path;
      path.rate.neededBytesPerSecond = (need * (payloadBytes + options.overheadBytes)) / (payloadBytes - 16);
    }
  }

  // HELLO, a due ACK, a due PING and copies: what belongs to this very path.
  #pollPath(path: LinkPath, nowMs: number): OutgoingPacket | undefined {
    const needsHello = path.sentPackets === 0 || (path.state === 'attaching' && path.pingDueMs <= nowMs);
    if (needsHello && path.isWritable) return this.#builder.hello(path, nowMs);
    if (path.state === 'attaching' || !path.isWritable) return undefined;
    if (path.copies.length > 0 && path.state === 'alive' && this.#canSend(path, nowMs)) {
      const packet = this.#builder.copies(path, nowMs);
      if (packet) return packet;
    }
    const probeBytes = path.isCarrying ? path.mtu.probeBytes(nowMs) : undefined;
    if (probeBytes !== undefined && this.#canSend(path, nowMs)) return this.#builder.probe(path, probeBytes, nowMs);
    const isPing = path.pingDueMs <= nowMs;
    if (!isPing && path.received.ackDueMs > nowMs) return undefined;
    if (isPing) this.#hedge(path, nowMs);
    return this.#builder.small(path, isPing, nowMs);
  }

  #pollShared(nowMs: number): OutgoingPacket | undefined {
    const path = this.#chooser.choose(this.#paths.values(), (other) => this.#canSend(other, nowMs));
    if (!path?.isWritable) return undefined;
    if (!this.#controls.isEmpty) {
      const packet = this.#builder.controls(path, nowMs);
      if (packet) return packet;
    }
    if (!this.#canSend(path, nowMs) || this.#dataDueMs(path, nowMs) > nowMs) return undefined;
    const packet = this.#builder.data(path, nowMs);
    if (!packet) return undefined;
    this.#chooser.used(path, packet.payload.length);
    if (this.#options.policy === 'duplicate') {
      for (const other of this.#paths.values()) {
        if (other !== path && other.state === 'alive') other.addCopies(this.#builder.lastChunks);
      }
    }
    return packet;
  }

  // When the next data packet is full, or has waited long enough for it; infinity when there is no data.
  #dataDueMs(path: LinkPath, nowMs: number): number {
    const { ready } = this.#channels;
    if (ready.bytes >= path.payloadBytes) return nowMs;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { pendingSinceMs } of ready) dueMs = Math.min(dueMs, pendingSinceMs + FILL_MS);
    return dueMs;
  }

  #canSend(path: LinkPath, nowMs: number): boolean {
    return path.isWritable && path.rate.nextSendMs <= nowMs && this.#hasRoom(path);
  }

  #hasRoom(path: LinkPath): boolean {
    return path.isWritable && path.loss.inFlightBytes < path.rate.windowBytes(path.peerAckDelayMs);
  }

  // An answer is late on the racing path: the next one carries what is under way as well, when the reserve is short.
  #hedge(path: LinkPath, nowMs: number): void {
    if (this.#options.policy !== 'race' || path.peerAckDelayMs > HEDGE_ACK_DELAY_MS || !path.isLate(nowMs)) return;
    const other = this.#chooser.next(this.#paths.values(), path);
    if (!other) return;
    for (const packet of path.loss.inFlight()) {
      if (packet.number <= path.hedgedUpTo) continue;
      path.hedgedUpTo = packet.number;
      other.addCopies(packet.chunks);
    }
  }

  #pollBye(nowMs: number): OutgoingPacket | undefined {
    for (const pathId of this.#bye?.left ?? []) {
      this.#bye!.left.delete(pathId);
      const path = this.#paths.get(pathId);
      const { code, reason } = this.#bye!;
      if (path?.hasPeerHello) return this.#builder.bye(path, { type: 'bye', code, reason }, nowMs);
    }
    return undefined;
  }
}
