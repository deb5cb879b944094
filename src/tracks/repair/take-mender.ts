import { DistreamError, reasonOf } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { MAX_SOUND_BYTES, MAX_SOUND_PIECES, type ServedFlowInfo } from '../../protocols/repair/messages.ts';
import type { ServedClock } from '../../protocols/repair/served-clock.ts';
import { comparePcm } from '../proof/compare-pcm.ts';
import type { PcmAccount } from '../proof/pcm-hasher.ts';
import { framesText, timeText } from '../proof/position-text.ts';
import { proveSessions } from '../proof/prove-sessions.ts';
import { proveStretch, proveTake, takeVerdict } from '../proof/prove-take.ts';
import type { RepairAddress, Take, TakeTrack } from '../proof/take-schema.ts';
import { type Batch, MendedTrack, piecesOf } from './mended-track.ts';
import { onlyShift } from './place-track.ts';
import type { RateLimit } from './rate-limit.ts';
import { RecordedFile } from './recorded-file.ts';
import { RepairRefused } from './repair-client.ts';
import type { RepairSource } from './repair-connections.ts';
import { isOfSameFiles, keepProven, proveSessionStretch, type SessionAsk } from './session-proof.ts';
import { endsOf, stretchTake } from './stretch-take.ts';
import { trackPath, writeTake } from './take-folder.ts';
import {
  isWhole,
  type KnownSession,
  sessionsOf,
  stretchesOf,
  type TrackStretch,
  withEarlier,
} from './track-sessions.ts';

/** How far it is. */
export interface MendProgress {
  readonly fetchedFrames: number;
  readonly missingFrames: number;
}

/** How a sender is asked. */
export interface MendOptions {
  readonly session: string;
  readonly rate: RateLimit;
  readonly signal: AbortSignal;
  readonly lostEndsSeconds: number;
  readonly onProgress: (progress: MendProgress) => void;
}

/** A sender that serves something else than what was recorded. */
export class WrongSession extends Error {}

/** Requests that are under way at the same time: enough for some connections over a line with a long way. */
const REQUESTS_AT_ONCE = 24;
/** The first for what is missing, the others for what differs, which only shows once the hashes are there. */
const MAX_ROUNDS = 3;
const MAX_FAILURE = 300;
const SILENCE_BYTES = 1 << 18;
const LIMITS = { maxBytes: MAX_SOUND_BYTES, maxPieces: MAX_SOUND_PIECES };

/** A take that is being made whole. What was fetched stays when a connection breaks; `mend` then goes on. */
export class TakeMender {
  readonly #folder: string;
  #take: Take;
  #tracks = new Map<number, MendedTrack>();
  #fetchedBefore = 0;
  readonly #stretched = new Set<string>();

  private constructor(folder: string, take: Take) {
    this.#folder = folder;
    this.#take = take;
  }

  /** Opens the files of all tracks. A track whose file is gone or broken stays as it is; its account says so. */
  static async open(folder: string, take: Take): Promise<TakeMender> {
    const mender = new TakeMender(folder, take);
    await mender.#openTracks();
    return mender;
  }

  /** The account by now. */
  get take(): Take {
    const tracks = this.#take.tracks.map((track, index) => this.#tracks.get(index)?.current() ?? track);
    return { ...this.#take, tracks };
  }

  /**
   * Whether a session needs no asking: its sender was started again, and what it sent is proven by the one after it. One
   * that was killed does not answer.
   */
  isDone(sender: RepairAddress): boolean {
    if (!this.isSuperseded(sender)) return false;
    const ssrcs = ssrcsOf(sender);
    const tracks = this.#take.tracks.filter(({ runs = [] }) => runs.some(({ ssrc }) => ssrcs.has(ssrc)));
    return tracks.length > 0 && tracks.every((track) => track.sessions && track.verdict.kind === 'excerpt');
  }

  /** In the order to ask in: the one that the take begins with, others, and those that were followed by another one. */
  inOrder(senders: readonly RepairAddress[]): RepairAddress[] {
    const rank = (sender: RepairAddress) => (this.isSuperseded(sender) ? 2 : this.#begins(sender) ? 0 : 1);
    return senders.toSorted((one, other) => rank(one) - rank(other));
  }

  #begins(sender: RepairAddress): boolean {
    const ssrcs = ssrcsOf(sender);
    return this.#take.tracks.some(({ runs = [] }) => runs[0]?.start === 0 && ssrcs.has(runs[0].ssrc));
  }

  /** Whether a session was followed by another one in every track. */
  isSuperseded(sender: RepairAddress): boolean {
    const ssrcs = ssrcsOf(sender);
    return (
      sender.flows !== undefined && this.#take.tracks.every(({ runs = [] }) => !ssrcs.has(runs.at(-1)?.ssrc ?? -1))
    );
  }

  /** Sample frames that were fetched, of all tracks. */
  get fetchedFrames(): number {
    return [...this.#tracks.values()].reduce((sum, { fetched }) => sum + fetched, this.#fetchedBefore);
  }

  /**
   * Fetches what is missing and has the sender's hashes prove the result.
   * Rejects with WrongSession, an Error when the connection ends, DistreamError when a file fails.
   */
  async mend(client: RepairSource, options: MendOptions): Promise<void> {
    const offered = await client.flows();
    if (offered.session !== options.session) throw new WrongSession(`it serves another session (${offered.name})`);
    this.#noteClock(offered.clock);
    if (!this.#stretched.has(offered.session)) await this.#stretch(offered, options.lostEndsSeconds);
    const sessions = sessionsOf(offered, this.#take.repairFrom);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await this.#fetch(client, sessions, options);
      if (options.signal.aborted) throw new Error('it was stopped');
      await this.#prove(client, sessions);
      if ([...this.#tracks.values()].every(({ suspects }) => suspects.length === 0)) return;
    }
  }

  /** Makes heads and hashes of what was fetched and not proven right, and closes the files. */
  async close(): Promise<void> {
    const tracks = [...this.take.tracks];
    for (const [index, mended] of this.#tracks) {
      if (mended.isChanged) {
        await mended.file.sync();
        tracks[index] = { ...tracks[index]!, recorded: recordedOf(await mended.file.account()) };
      }
      if (tracks[index]!.gapsBeforeRepair) await mended.file.describeGaps(gapsLeft(tracks[index]!));
      await mended.file.close();
    }
    this.#fetchedBefore = this.fetchedFrames;
    this.#take = { ...this.#take, tracks };
    this.#tracks.clear();
  }

  async #openTracks(): Promise<void> {
    const tracks = [...this.#take.tracks];
    for (const [index, track] of tracks.entries()) {
      const path = trackPath(this.#folder, track);
      if (path === undefined) continue;
      try {
        this.#tracks.set(index, new MendedTrack(track, await RecordedFile.open(path)));
      } catch (error) {
        if (!(error instanceof DistreamError)) throw error;
        const { file: _, ...lost } = track;
        tracks[index] = { ...lost, failure: (track.failure ?? reasonOf(error)).slice(0, MAX_FAILURE) };
      }
    }
    this.#take = { ...this.#take, tracks };
  }

  // Of several senders, the first: its time is that of the take.
  #noteClock({ server, ...clock }: ServedClock): void {
    const { clocks } = this.#take;
    if (clocks.sender) return;
    const sender = { ...clock, ...(server === '' ? {} : { server: cleanText(server, 256) }) };
    this.#take = { ...this.#take, clocks: { ...clocks, sender } };
  }

  async #stretch(
    offered: { readonly session: string; readonly flows: readonly ServedFlowInfo[]; readonly isOver: boolean },
    maxSeconds: number,
  ): Promise<void> {
    // What a sender before has proven must not move.
    const canMoveStart = this.#stretched.size === 0;
    this.#stretched.add(offered.session);
    const before = this.take;
    const stretched = await stretchTake(before, offered, { folder: this.#folder, maxSeconds, canMoveStart });
    if (stretched.tracks.every((track, index) => track === before.tracks[index])) return;
    await this.close();
    this.#take = stretched;
    await this.#openTracks();
    for (const [index, { file }] of this.#tracks) await grow(file, stretched.tracks[index]!.recorded?.frames ?? 0);
    // Positions have moved: from here on the account of before would be wrong.
    await writeTake(this.#folder, this.take);
  }

  async #fetch(client: RepairSource, sessions: readonly KnownSession[], options: MendOptions): Promise<void> {
    const served = sessions[0]!.flows.length;
    for (const track of this.#tracks.values()) {
      const flows = await flowsFor(track, client, sessions);
      const placed = track.placedIn(flows);
      if (!placed) continue;
      const batches = track.batches(placed, flows, LIMITS);
      let isBroken = false;
      const worker = async () => {
        for (const batch of batches) {
          if (options.signal.aborted || isBroken) return;
          // Behind the flows that are served stand the same ones, as an earlier session numbered them.
          const part = { flow: batch.flow % served, ...placed.part };
          await this.#fetchBatch(client, track, { batch, part }, options).catch((error: unknown) => {
            isBroken = true;
            throw error;
          });
        }
      };
      // All of them have ended before anything is tried again, or two would write at the same place.
      const ends = await Promise.allSettled(Array.from({ length: REQUESTS_AT_ONCE }, worker));
      const broken = ends.find((end) => end.status === 'rejected');
      if (broken) throw broken.reason;
    }
  }

  async #fetchBatch(
    client: RepairSource,
    track: MendedTrack,
    { batch, part }: { batch: Batch; part: Parameters<RepairSource['sound']>[0] },
    { rate, signal, onProgress }: MendOptions,
  ): Promise<void> {
    const { frameBytes } = track.file;
    await rate.take(batch.frames * frameBytes, signal);
    try {
      await track.put(batch, await client.sound(part, piecesOf(batch), frameBytes));
      onProgress({ fetchedFrames: this.fetchedFrames, missingFrames: this.#missingFrames() });
    } catch (error) {
      if (!(error instanceof RepairRefused)) throw error;
      track.skip(batch);
    }
  }

  async #prove(client: RepairSource, sessions: readonly KnownSession[]): Promise<void> {
    const tracks: TakeTrack[] = [];
    for (const [index, before] of this.#take.tracks.entries()) {
      const mended = this.#tracks.get(index);
      if (!mended) tracks.push(before);
      else tracks.push(await proven(mended, client, sessions));
    }
    // Tracks that the sender has nothing of keep the words of their gaps.
    const alone = proveTake({ ...this.#take, tracks }, undefined);
    const all = tracks.map((track, index) => (track.sent || track.sessions ? track : alone.tracks[index]!));
    this.#take = { ...this.#take, tracks: all, verdict: takeVerdict(all) };
    for (const [index, mended] of this.#tracks) mended.track = all[index]!;
  }

  #missingFrames(): number {
    return [...this.#tracks.values()].reduce((sum, { gaps }) => sum + gaps.frames, 0);
  }
}

/** For the file's own description; take.json has the list. */
function gapsLeft({ gaps, sampleRate }: TakeTrack): string {
  const [first] = gaps;
  if (!first) return 'no gaps since the repair';
  const frames = gaps.reduce((sum, [, length]) => sum + length, 0);
  const count = gaps.length === 1 ? '1 gap' : `${gaps.length} gaps`;
  return `${count} left by the repair, ${framesText(frames, sampleRate)} silent, first at ${timeText(first[0], sampleRate)}`;
}

async function grow(file: RecordedFile, frames: number): Promise<void> {
  const portion = Math.floor(SILENCE_BYTES / file.frameBytes);
  while (file.frames < frames) {
    await file.write(file.frames, Buffer.alloc(Math.min(portion, frames - file.frames) * file.frameBytes));
  }
}

/** What a sender can be asked of for a track: its flows, and what earlier sessions sent of the same files. */
async function flowsFor(
  mended: MendedTrack,
  client: RepairSource,
  sessions: readonly KnownSession[],
): Promise<readonly ServedFlowInfo[]> {
  const { session, flows } = sessions[0]!;
  const ask = askFor(mended.track, client, sessions);
  const stretches = stretchesOf(mended.track, sessions);
  // Of a track that it has sent nothing of, another sender is asked.
  if (isWhole(stretches) || !stretches.some((stretch) => stretch.session === session)) return flows;
  const earlier: TrackStretch[] = [];
  for (const stretch of stretches) {
    const isEarlier = stretch.session !== undefined && stretch.session !== session;
    if (isEarlier && (await isOfSameFiles(mended, stretch, ask))) earlier.push(stretch);
  }
  return withEarlier(flows, sessions, earlier);
}

function ssrcsOf({ flows = [] }: RepairAddress): ReadonlySet<number> {
  return new Set(flows.map(({ ssrc }) => ssrc));
}

/** Whether the last stretch ends where what was sent does. */
function endOf(stretches: readonly TrackStretch[], { session, flows }: KnownSession): { readonly isEnd: boolean } {
  const last = stretches.at(-1)!;
  return { isEnd: last.session === session && last.end + last.shift === flows[last.flow]!.frames };
}

function askFor(track: TakeTrack, client: RepairSource, sessions: readonly KnownSession[]): SessionAsk {
  return { client, sessions, part: { channel: track.channel ?? 0, channels: track.channels } };
}

/** The track as it is on the disk now, compared with the sender's hashes of the same stretch. */
async function proven(
  mended: MendedTrack,
  client: RepairSource,
  sessions: readonly KnownSession[],
): Promise<TakeTrack> {
  const { flows } = sessions[0]!;
  await mended.file.sync();
  const recorded = await mended.file.account();
  mended.isChanged = false;
  const { flow, ...current } = mended.current();
  // Hashes of its flow were those of before.
  const named = flow ? { flow: { name: flow.name, channels: flow.channels } } : {};
  const track: TakeTrack = { ...current, ...named, recorded: recordedOf(recorded) };
  mended.suspects = [];
  const stretches = stretchesOf(track, sessions);
  if (!isWhole(stretches)) {
    if (!stretches.some(({ session }) => session === sessions[0]!.session)) return track;
    const ask = askFor(track, client, sessions);
    const proofs: Awaited<ReturnType<typeof proveSessionStretch>>[] = [];
    for (const stretch of stretches) proofs.push(await proveSessionStretch(mended, stretch, ask));
    mended.suspects = proofs.flatMap(({ differences }) => differences);
    const all = proofs.map(({ proof }) => proof);
    return proveSessions(track, keepProven(track, all), endOf(stretches, sessions[0]!));
  }
  const placed = mended.placedIn(flows);
  const place = placed && onlyShift(placed);
  const ends = endsOf(track, flows);
  if (!placed || !place || !ends || place.shift < 0) return track;
  const range = { flow: place.flow, ...placed.part, start: place.shift, frames: recorded.frames };
  const sent = await client.account(range, 0);
  mended.suspects = comparePcm(sent, recorded, mended.gaps).differences;
  return proveStretch(track, sent, ends);
}

function recordedOf(account: PcmAccount): NonNullable<TakeTrack['recorded']> {
  return { ...account, blocks: { ...account.blocks, digests: [...account.blocks.digests] } };
}
