import { copySwapped, swapSamples } from '../../media/wav/samples.ts';
import { RTP_HEADER_BYTES } from '../../protocols/rtp/packet.ts';
import type { PcmHasher } from '../proof/pcm-hasher.ts';
import { type Encoding, encodingBytes } from '../types.ts';
import type { RedundantFlow } from './redundancy/redundant-flow.ts';
import type { TrackLevels } from './track-levels.ts';
import type { TrackReader } from './track-reader.ts';

/** The part of a ring's writer that is needed here. */
export interface PacketRing {
  readonly free: number;
  readonly packet: Buffer;
  commit(bytes: number, slot: number): void;
  end(): void;
}

/** A flow to pack: which channels of which tracks it carries, in their order. */
export interface PackedFlow {
  readonly ring: PacketRing;
  /** Is told of all that is packed. */
  readonly hasher: PcmHasher;
  /** Gets every packet too. */
  readonly redundancy?: RedundantFlow | undefined;
  readonly encoding: Encoding;
  readonly channels: number;
  readonly sources: readonly { readonly track: number; readonly firstChannel: number; readonly channels: number }[];
}

/** The flows of one sample rate. */
export interface FlowPackerOptions {
  readonly sampleRate: number;
  readonly framesPerPacket: number;
  /** Undefined: without end. */
  readonly totalFrames: number | undefined;
  /** All tracks of the session by their number; those of another rate are undefined. */
  readonly tracks: readonly (TrackReader | undefined)[];
  readonly flows: readonly PackedFlow[];
  /** Is told of what is read, with the slot that follows it. */
  readonly levels?: TrackLevels | undefined;
}

const BLOCKS_PER_SECOND = 4;

/**
 * Turns the tracks of one sample rate into the packets of their flows. All flows advance together, so that they hold
 * the same sample frames at the same slots whenever it stops.
 */
export class FlowPacker {
  readonly #options: FlowPackerOptions;
  readonly #blockPackets: number;
  #slot = 0;
  #isEnded = false;
  #wire = Buffer.alloc(0);

  constructor(options: FlowPackerOptions) {
    this.#options = options;
    this.#blockPackets = Math.max(1, Math.floor(options.sampleRate / options.framesPerPacket / BLOCKS_PER_SECOND));
  }

  get sampleRate(): number {
    return this.#options.sampleRate;
  }

  /** How long a slot lasts. */
  get slotNs(): number {
    return (this.#options.framesPerPacket * 1e9) / this.#options.sampleRate;
  }

  /** Slots that are packed. */
  get slots(): number {
    return this.#slot;
  }

  /** Sample frames that are packed. */
  get position(): number {
    return Math.min(this.#slot * this.#options.framesPerPacket, this.#options.totalFrames ?? Number.POSITIVE_INFINITY);
  }

  /** Nothing will be packed any more. */
  get isOver(): boolean {
    return this.#isEnded;
  }

  /**
   * Packs up to the slot `slots`, or as far as the rings have room; ends the rings with the last sample frame.
   */
  async fillTo(slots: number): Promise<void> {
    while (!this.#isEnded && this.#slot < slots) {
      const packets = Math.min(
        slots - this.#slot,
        this.#blockPackets,
        ...this.#options.flows.map(({ ring }) => ring.free),
      );
      if (packets <= 0) return;
      await this.#pack(packets);
      if (this.position === this.#options.totalFrames) this.end();
    }
  }

  /** Nothing comes after what is packed. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const { ring, redundancy } of this.#options.flows) {
      ring.end();
      redundancy?.end();
    }
  }

  async #pack(packets: number): Promise<void> {
    const { framesPerPacket, totalFrames = Number.POSITIVE_INFINITY, tracks, flows, levels } = this.#options;
    const frames = Math.min(packets * framesPerPacket, totalFrames - this.position);
    const blocks = await Promise.all(tracks.map((track) => track?.read(frames)));
    for (const flow of flows) this.#packFlow(flow, blocks, frames);
    this.#slot += Math.ceil(frames / framesPerPacket);
    levels?.note(blocks, this.#slot * this.slotNs);
  }

  #packFlow(flow: PackedFlow, blocks: readonly (Buffer | undefined)[], frames: number): void {
    const { ring, hasher, redundancy, encoding, channels } = flow;
    const frameBytes = channels * encodingBytes(encoding);
    const bytes = frames * frameBytes;
    if (this.#wire.length < bytes) this.#wire = Buffer.alloc(bytes);
    const wire = this.#wire.subarray(0, bytes);
    this.#interleave(flow, blocks, { wire, frames });
    const payloadBytes = this.#options.framesPerPacket * frameBytes;
    for (let at = 0, slot = this.#slot; at < bytes; at += payloadBytes, slot++) {
      const payload = wire.subarray(at, at + payloadBytes);
      ring.packet.set(payload, RTP_HEADER_BYTES);
      redundancy?.add(ring.packet.subarray(0, RTP_HEADER_BYTES + payload.length), slot);
      ring.commit(RTP_HEADER_BYTES + payload.length, slot);
    }
    swapSamples(wire, encodingBytes(encoding));
    hasher.push(wire);
  }

  /** Writes the sample frames of a flow as they go on the wire. */
  #interleave(
    { encoding, channels, sources }: PackedFlow,
    blocks: readonly (Buffer | undefined)[],
    { wire, frames }: { wire: Buffer; frames: number },
  ): void {
    const sampleBytes = encodingBytes(encoding);
    let channel = 0;
    for (const { track, firstChannel, channels: count } of sources) {
      const source = {
        samples: blocks[track]!,
        channels: this.#options.tracks[track]!.channels,
        channel: firstChannel,
      };
      copySwapped(source, { samples: wire, channels, channel }, { frames, channels: count, sampleBytes });
      channel += count;
    }
  }
}
