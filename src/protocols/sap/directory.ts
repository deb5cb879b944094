import { ProtocolViolation } from '../../core/errors.ts';
import { parseSdp } from '../sdp/parse.ts';
import { decodeSap, type SapPacket } from './packet.ts';

const HOUR_MS = 3_600_000;

/** Bounds of a directory. */
export interface SapDirectoryOptions {
  /** Default 1000. */
  readonly maxSessions?: number;
  /** Sessions of one sender; default 256. */
  readonly maxSessionsPerSource?: number;
  /** An announcement holds for ten of its periods, and at least this long; default one hour (RFC 2974 4). */
  readonly minimumHoldMs?: number;
}

/** A session that is announced. Everything in it is a stranger's word. */
export interface SapSession {
  /** Tells sessions apart; the same for as long as a session is announced. */
  readonly key: string;
  /** The session's name, cleaned. */
  readonly name: string;
  /** Who sent the announcement, as the socket tells it. */
  readonly from: string;
  readonly originAddress: string;
  readonly messageId: number;
  /** The description, for `parseSdp`. */
  readonly sdp: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The time between the last two announcements; undefined after the first. */
  readonly periodMs?: number;
}

/** What has happened to a session. */
export interface SapEvent {
  readonly kind: 'announced' | 'changed' | 'deleted' | 'expired';
  readonly session: SapSession;
}

/** What came in, since the beginning. */
export interface SapCounters {
  readonly packets: number;
  /** No announcements, or of descriptions that cannot be read. */
  readonly malformed: number;
  /** New sessions for which there was no room. */
  readonly refused: number;
  /** Deletions of sessions that their sender has not announced. */
  readonly ignoredDeletions: number;
}

/**
 * The sessions that are announced on a network (RFC 2974 4). A session belongs to the address that announces it: only
 * that address changes or deletes it. Bounded: when it is full, a session that was announced but once gives way.
 */
export class SapDirectory {
  readonly #maxSessions: number;
  readonly #maxSessionsPerSource: number;
  readonly #minimumHoldMs: number;
  readonly #sessions = new Map<string, SapSession>();
  // Keys of sessions that were announced but once, the oldest first.
  readonly #unconfirmed = new Set<string>();
  readonly #sessionsPerSource = new Map<string, number>();
  readonly #counts = { packets: 0, malformed: 0, refused: 0, ignoredDeletions: 0 };

  constructor({ maxSessions = 1000, maxSessionsPerSource = 256, minimumHoldMs = HOUR_MS }: SapDirectoryOptions = {}) {
    this.#maxSessions = maxSessions;
    this.#maxSessionsPerSource = maxSessionsPerSource;
    this.#minimumHoldMs = minimumHoldMs;
  }

  get counters(): SapCounters {
    return { ...this.#counts };
  }

  /** All sessions, the longest known first. */
  sessions(): SapSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * Takes a datagram; answers what it has changed, undefined when nothing. Never throws on what it says.
   * @param from the sender's address
   * @param nowMs monotonic milliseconds
   */
  receive(datagram: Buffer, from: string, nowMs: number): SapEvent | undefined {
    this.#counts.packets++;
    try {
      const packet = decodeSap(datagram);
      return packet.kind === 'delete' ? this.#delete(packet, from) : this.#announce(packet, from, nowMs);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#counts.malformed++;
      return undefined;
    }
  }

  /** Removes the sessions that have not been announced for too long. */
  expire(nowMs: number): SapEvent[] {
    const events: SapEvent[] = [];
    for (const session of this.#sessions.values()) {
      if (nowMs - session.lastMs < Math.max(this.#minimumHoldMs, 10 * (session.periodMs ?? 0))) continue;
      this.#remove(session);
      events.push({ kind: 'expired', session });
    }
    return events;
  }

  #announce(packet: SapPacket, from: string, nowMs: number): SapEvent | undefined {
    const key = keyOf(packet, from);
    const known = this.#sessions.get(key);
    if (!known) return this.#add(packet, from, key, nowMs);
    this.#unconfirmed.delete(key);
    const seen = { lastMs: nowMs, periodMs: nowMs - known.lastMs };
    if (known.sdp === packet.sdp) {
      this.#sessions.set(key, { ...known, ...seen, messageId: packet.messageId });
      return undefined;
    }
    const { name } = parseSdp(packet.sdp);
    const { originAddress, messageId, sdp } = packet;
    const session = { ...known, ...seen, name, originAddress, messageId, sdp };
    this.#sessions.set(key, session);
    return { kind: 'changed', session };
  }

  #add(packet: SapPacket, from: string, key: string, nowMs: number): SapEvent | undefined {
    if (!this.#hasRoomFor(from)) {
      this.#counts.refused++;
      return undefined;
    }
    const { name } = parseSdp(packet.sdp);
    this.#makeRoom();
    const { originAddress, messageId, sdp } = packet;
    const session = { key, name, from, originAddress, messageId, sdp, firstMs: nowMs, lastMs: nowMs };
    this.#sessions.set(key, session);
    this.#unconfirmed.add(key);
    this.#sessionsPerSource.set(from, (this.#sessionsPerSource.get(from) ?? 0) + 1);
    return { kind: 'announced', session };
  }

  #hasRoomFor(from: string): boolean {
    if ((this.#sessionsPerSource.get(from) ?? 0) >= this.#maxSessionsPerSource) return false;
    return this.#sessions.size < this.#maxSessions || this.#unconfirmed.size > 0;
  }

  #makeRoom(): void {
    if (this.#sessions.size < this.#maxSessions) return;
    const [oldest] = this.#unconfirmed;
    if (oldest !== undefined) this.#remove(this.#sessions.get(oldest)!);
  }

  #delete(packet: SapPacket, from: string): SapEvent | undefined {
    const session = this.#sessions.get(keyOf(packet, from)) ?? this.#byMessageId(packet, from);
    if (!session) {
      this.#counts.ignoredDeletions++;
      return undefined;
    }
    this.#remove(session);
    return { kind: 'deleted', session };
  }

  // Some senders delete with a payload that says nothing.
  #byMessageId({ messageId, sdp }: SapPacket, from: string): SapSession | undefined {
    if (messageId === 0 || sdp.trim() !== '') return undefined;
    for (const session of this.#sessions.values()) {
      if (session.from === from && session.messageId === messageId) return session;
    }
    return undefined;
  }

  #remove({ key, from }: SapSession): void {
    this.#sessions.delete(key);
    this.#unconfirmed.delete(key);
    const left = (this.#sessionsPerSource.get(from) ?? 1) - 1;
    if (left > 0) this.#sessionsPerSource.set(from, left);
    else this.#sessionsPerSource.delete(from);
  }
}

// The sender and what never changes of a session: the user, id and address of its o= line (RFC 8866 5.2).
function keyOf({ sdp, messageId }: SapPacket, from: string): string {
  const origin = /^o=(\S{1,64}) +(\d{1,30}) +\d{1,30} +IN +IP[46] +(\S{1,253})/m.exec(sdp);
  return origin ? `${from} ${origin[1]} ${origin[2]} ${origin[3]}` : `${from} #${messageId}`;
}
