import type { Timer } from '../../core/clock.ts';
import type { ConductorMessage, Order } from '../../protocols/swarm/conductor-messages.ts';
import type { Outcome, PeerCaps } from '../../protocols/swarm/peer-messages.ts';
import type { Whereabouts } from '../coordinator/meeting.ts';
import type { SwarmCounters } from '../coordinator/swarm-counters.ts';
import { UplinkMeter } from './uplink-meter.ts';

/** What a peer is thought to send until something was measured. */
const UP_GUESS = 320_000;

/** How the conductor talks to a peer. */
export interface NativeVoice {
  /** Of the capabilities in `hello`, those that the connection has; none when left out. */
  readonly capabilities?: number;
  /** Sends a message; several in a row may travel together. */
  tell(message: ConductorMessage): void;
  close(): void;
}

/** What is known of a peer when it has said hello. */
export interface NativeMemberSetup {
  readonly voice: NativeVoice;
  readonly id: number;
  readonly secret: Buffer;
  readonly where: Whereabouts;
  readonly caps: PeerCaps;
  /** Under which its deeds are remembered. */
  readonly trustId: string;
  readonly prefix: number;
  readonly widePrefix: number;
}

/** A peer that is connected with the conductor. */
export class NativeMember {
  readonly voice: NativeVoice;
  readonly id: number;
  readonly secret: Buffer;
  readonly where: Whereabouts;
  readonly trustId: string;
  readonly prefix: number;
  readonly widePrefix: number;
  readonly meter = new UplinkMeter(UP_GUESS);
  caps: PeerCaps;
  /** How often it said that the server itself gave wrong bytes. */
  wrongOfServer = 0;
  /** It answered its nonce at the address that is told to others. */
  isReachable = false;
  /** It was asked for its nonce, and the outcome is known. */
  isProbed = false;
  /** Asks it for its nonce again. */
  nextProbe: Timer | undefined;
  /** Payload that takers confirmed. */
  bytesGiven = 0;
  bytesTaken = 0;
  /** Files that it asked for. */
  readonly files = new Set<number>();
  /** Those whose hashes it does not have yet, and whether it plays them in order. */
  readonly preparing = new Map<number, boolean>();
  /** Members that were told to connect to it or that it was told to connect to. */
  readonly met = new Set<number>();
  /** Orders that wait to be told. */
  readonly orders: Order[] = [];

  constructor(setup: NativeMemberSetup) {
    this.voice = setup.voice;
    this.id = setup.id;
    this.secret = setup.secret;
    this.where = setup.where;
    this.caps = setup.caps;
    this.trustId = setup.trustId;
    this.prefix = setup.prefix;
    this.widePrefix = setup.widePrefix;
  }

  /** What it can be relied on to send. */
  get upBytesPerSecond(): number {
    const { gives, metered, upBytesPerSecond } = this.caps;
    if (!gives || metered) return 0;
    return upBytesPerSecond > 0 ? Math.min(upBytesPerSecond, this.meter.rate) : this.meter.rate;
  }
}

/** What a peer says that it can do. A copy: a message holds on to the bytes that it was read from. */
export function capsOf({ gives, metered, upBytesPerSecond }: PeerCaps): PeerCaps {
  return { gives, metered, upBytesPerSecond };
}

/** How a transfer has ended, by its taker's word. */
export interface EndedTransfer {
  readonly taker: NativeMember;
  /** Undefined: the server. */
  readonly giver: NativeMember | undefined;
  readonly outcome: Outcome;
  readonly bytes: number;
}

/** Counts a transfer for the swarm and for the two. What the taker had already counts for nobody. */
export function accountTransfer(counters: SwarmCounters, { taker, giver, outcome, bytes }: EndedTransfer): void {
  if (outcome === 'held') return;
  if (outcome === 'ok') counters.good++;
  else if (outcome === 'bad') counters.wrong++;
  else counters.failed++;
  if (outcome !== 'ok') return;
  taker.bytesTaken += bytes;
  if (giver) {
    giver.bytesGiven += bytes;
    counters.bytesFromPeers += bytes;
  } else counters.bytesFromServer += bytes;
}
