import { DistreamError } from '../../core/errors.ts';
import {
  type FlowPart,
  MAX_SOUND_BYTES,
  type RefusalCode,
  type RepairAnswer,
  type RepairRequest,
  type ServedFlowInfo,
  type SoundPiece,
} from '../../protocols/repair/messages.ts';
import type { ServedClock } from '../../protocols/repair/served-clock.ts';
import type { FlowAudio } from './flow-audio.ts';

/** A flow that is served. */
export interface ServedFlow {
  /** `frames`: how many can be asked for by now. */
  readonly info: () => ServedFlowInfo;
  readonly audio: FlowAudio;
}

/** A session that is served. */
export interface ServedSession {
  readonly id: string;
  readonly name: string;
  readonly isOver: () => boolean;
  /** What is known of the sender's clock by now. */
  readonly clock: () => ServedClock;
  readonly flows: readonly ServedFlow[];
}

interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
}

/** Answers the requests of recorders about one session. No sockets. */
export class RepairService {
  readonly #session: ServedSession;

  constructor(session: ServedSession) {
    this.#session = session;
  }

  /** Never rejects: what cannot be answered is refused. `isWanted` turns false when nobody waits for it any more. */
  async answer(request: Exclude<RepairRequest, { kind: 'done' }>, isWanted: () => boolean): Promise<RepairAnswer> {
    const { id } = request;
    try {
      if (request.kind === 'flows') return this.#flows(id);
      return request.kind === 'sound' ? await this.#sound(request) : await this.#account(request, isWanted);
    } catch (error) {
      // The words of an error of a file name its path, which is nobody's business.
      const reason = error instanceof DistreamError ? error.code : 'it cannot be read';
      return { kind: 'refused', id, code: 'unreadable', reason };
    }
  }

  #flows(id: number): RepairAnswer {
    const { id: session, name, isOver, clock, flows } = this.#session;
    const served = flows.map(({ info }) => info());
    return { kind: 'flows', id, session, name, isOver: isOver(), clock: clock(), flows: served };
  }

  async #sound({ id, part, pieces }: Extract<RepairRequest, { kind: 'sound' }>): Promise<RepairAnswer> {
    const problem = this.#problemOf(part, pieces) ?? this.#sizeProblemOf(part, pieces);
    if (problem) return { kind: 'refused', id, ...problem };
    const { audio } = this.#session.flows[part.flow]!;
    const parts: Buffer[] = [];
    for (const [start, frames] of pieces) parts.push(await audio.read(part, start, frames));
    return { kind: 'sound', id, bytes: Buffer.concat(parts) };
  }

  async #account(
    { id, range, position }: Extract<RepairRequest, { kind: 'account' }>,
    isWanted: () => boolean,
  ): Promise<RepairAnswer> {
    const { start, frames } = range;
    const problem = this.#problemOf(range, [[start, frames]]);
    if (problem) return { kind: 'refused', id, ...problem };
    const { audio } = this.#session.flows[range.flow]!;
    const { sha256, blocks } = await audio.account(range, { start, frames, position }, isWanted);
    return { kind: 'account', id, account: { sha256, blocks } };
  }

  #problemOf({ flow, channel, channels }: FlowPart, pieces: readonly SoundPiece[]): Refusal | undefined {
    const info = this.#session.flows[flow]?.info();
    if (!info) return { code: 'unknown', reason: `there is no flow ${flow}` };
    if (channel + channels > info.channels)
      return { code: 'unknown', reason: `the flow has ${info.channels} channels` };
    if (pieces.every(([start, frames]) => start + frames <= info.frames)) return undefined;
    return { code: 'absent', reason: `the flow has ${info.frames} sample frames by now` };
  }

  #sizeProblemOf({ flow, channels }: FlowPart, pieces: readonly SoundPiece[]): Refusal | undefined {
    const frames = pieces.reduce((sum, [, length]) => sum + length, 0);
    const bytes = frames * channels * this.#session.flows[flow]!.info().sampleBytes;
    return bytes > MAX_SOUND_BYTES
      ? { code: 'unknown', reason: `more than ${MAX_SOUND_BYTES} bytes at once` }
      : undefined;
  }
}
