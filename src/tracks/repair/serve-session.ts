import type { RepairOffer } from '../../protocols/repair/offer.ts';
import type { PacketPlan } from '../plan/schema.ts';
import type { TakeClock } from '../proof/take-schema.ts';
import type { AudioSource } from '../send/track-reader.ts';
import { encodingBytes } from '../types.ts';
import { FlowAudio } from './flow-audio.ts';
import type { ServedSession } from './repair-service.ts';

/** How a session is served for repair: what its descriptions say of it, and who is given it when it has begun. */
export interface SessionRepair {
  readonly offer: RepairOffer;
  serve(session: ServedSession): void;
}

/** What is known of a session that is sent. */
export interface SentSession {
  readonly id: string;
  readonly name: string;
  readonly plan: PacketPlan;
  /** One for each track of the plan. */
  readonly tracks: readonly AudioSource[];
  /** Sample frames of the session by sample rate. */
  readonly lengths: ReadonlyMap<number, number>;
  readonly isLoop: boolean;
  /** One for each flow of the plan. */
  readonly ssrcs: readonly number[];
  /** The RTP timestamp of the first sample frame at a rate. */
  readonly startTimestamp: (sampleRate: number) => number;
  /** What is known of the sender's clock by now. */
  readonly clock: () => TakeClock;
  /** How far each sample rate has been sent, in sample frames. */
  readonly progress: () => readonly {
    readonly sampleRate: number;
    readonly position: number;
    readonly isOver: boolean;
  }[];
}

/** A session as recorders can ask for it. */
export function servedSession(session: SentSession): ServedSession {
  const { id, name, plan, tracks, lengths, isLoop, ssrcs, startTimestamp, clock, progress } = session;
  return {
    id,
    name,
    clock: () => ({ ...clock(), server: clock().server ?? '' }),
    isOver: () => progress().every(({ isOver }) => isOver),
    flows: plan.flows.map((flow, index) => {
      const { sampleRate, channels, encoding } = flow;
      return {
        audio: new FlowAudio({ flow, tracks, totalFrames: lengths.get(sampleRate)!, isLoop }),
        info: () => ({
          ssrc: ssrcs[index]!,
          timestamp: startTimestamp(sampleRate),
          sampleRate,
          channels,
          sampleBytes: encodingBytes(encoding),
          frames: progress().find((each) => each.sampleRate === sampleRate)?.position ?? 0,
        }),
      };
    }),
  };
}
