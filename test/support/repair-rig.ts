import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import type { Clock } from '../../src/core/clock.ts';
import { WavHeadWriter } from '../../src/media/wav/write-head.ts';
import { formatKey } from '../../src/protocols/link/keys.ts';
import { generateKeyPair } from '../../src/protocols/noise/x25519.ts';
import type { GapEntry } from '../../src/tracks/proof/gap-list.ts';
import { PcmHasher } from '../../src/tracks/proof/pcm-hasher.ts';
import { proveTake } from '../../src/tracks/proof/prove-take.ts';
import type { Take, TakeTrack } from '../../src/tracks/proof/take-schema.ts';
import { FlowAudio } from '../../src/tracks/repair/flow-audio.ts';
import type { ServerCredentials } from '../../src/tracks/repair/greetings.ts';
import type { Dial } from '../../src/tracks/repair/repair-client.ts';
import { RepairDesk, type RepairDeskOptions } from '../../src/tracks/repair/repair-desk.ts';
import type { ServedSession } from '../../src/tracks/repair/repair-service.ts';
import { type RepairTakeOptions, repairTake } from '../../src/tracks/repair/repair-take.ts';
import { hurriedClock } from './hurried-clock.ts';
import { seededRandom } from './seeded-random.ts';

const SAMPLE_BYTES = 3;
export const RIG_RATE = 48_000;

/** Random sound, 24 bit. */
export function rigSound(frames: number, channels: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const pcm = Buffer.alloc(frames * channels * SAMPLE_BYTES);
  for (let at = 0; at < pcm.length; at++) pcm[at] = Math.floor(random() * 256);
  return pcm;
}

/** What the sender of `rigSession` says of its clock. */
export const RIG_CLOCK = { source: 'ntp', server: 'time.example.org', offsetMs: 1.5, errorBoundMs: 0.25 } as const;

/** A session of one flow that is served from memory. */
export function rigSession(
  pcm: Buffer,
  options: { channels?: number; ssrc?: number; isOver?: boolean; id?: string } = {},
) {
  const { channels = 1, ssrc = 7, isOver = true, id = 'rig@distream' } = options;
  const format = { sampleRate: RIG_RATE, channels, bitsPerSample: 24, isFloat: false } as const;
  const frames = pcm.length / channels / SAMPLE_BYTES;
  const track = {
    head: { format, frames },
    read: async (target: Buffer, offset: number) => pcm.copy(target, 0, offset),
  };
  const flow = { encoding: 'L24', sampleRate: RIG_RATE, channels, sources: [{ track: 0, firstChannel: 0, channels }] };
  const audio = new FlowAudio({ flow: flow as never, tracks: [track], totalFrames: frames, isLoop: false });
  const info = { ssrc, timestamp: 0, sampleRate: RIG_RATE, channels, sampleBytes: 3, frames } as const;
  return {
    id,
    name: 'rig',
    isOver: () => isOver,
    clock: () => RIG_CLOCK,
    flows: [{ info: () => info, audio }],
  } satisfies ServedSession;
}

/** A track of a take: what was recorded, and what is missing in it. */
export interface RigTrack {
  readonly name: string;
  /** As it was sent, from the first recorded frame on. */
  readonly pcm: Buffer;
  readonly channels?: number;
  readonly channel?: number;
  readonly gaps: readonly GapEntry[];
  /** Frames whose sound is wrong though nothing is known to be missing. */
  readonly wrong?: readonly number[];
  /** The sender's frame that is the first one. */
  readonly from?: number;
}

/** Writes a take as the recorder leaves it: files with silence in the gaps, and `take.json`. */
export function writeRigTake(folder: string, tracks: readonly RigTrack[], more: Partial<Take> = {}): Take {
  const take: Take = {
    version: 1,
    session: { id: 'take', name: 'take' },
    startUtc: '2026-11-21T20:00:00.000Z',
    clocks: {},
    tracks: tracks.map((track) => writeTrack(folder, track)),
    verdict: { isIdentical: false, words: '' },
    ...more,
  };
  const proven = proveTake(take, undefined);
  writeFileSync(join(folder, 'take.json'), JSON.stringify(proven));
  return proven;
}

function writeTrack(folder: string, track: RigTrack): TakeTrack {
  const { name, channels = 1, channel, gaps, wrong = [], from = 0 } = track;
  const frameBytes = channels * SAMPLE_BYTES;
  const pcm = Buffer.from(track.pcm);
  for (const [start, frames] of gaps) pcm.fill(0, start * frameBytes, (start + frames) * frameBytes);
  for (const frame of wrong) pcm[frame * frameBytes]! ^= 0x55;
  const format = { sampleRate: RIG_RATE, channels, bitsPerSample: 24, isFloat: false } as const;
  const description = `Take start 2026-11-21T20:00:00.000Z UTC; ${gaps.length} gaps at the end of the take, some silent`;
  const startUtcMs = Date.UTC(2026, 10, 21, 20);
  const head = new WavHeadWriter({
    format,
    bext: { description, originator: 'rig', startUtcMs, timeReference: 1000, codingHistory: [] },
  });
  for (const { offset, bytes } of head.sizesAt(pcm.length)) bytes.copy(head.head, offset);
  writeFileSync(join(folder, `${name}.wav`), Buffer.concat([head.head, pcm, Buffer.alloc(pcm.length % 2)]));
  const hasher = new PcmHasher({ format });
  hasher.push(pcm);
  const account = hasher.account();
  return {
    name,
    file: `${name}.wav`,
    encoding: 'L24',
    sampleRate: RIG_RATE,
    channels,
    ...(channel === undefined ? {} : { channel }),
    runs: [{ start: 0, ssrc: 7, timestamp: from }],
    recorded: { ...account, blocks: { ...account.blocks, digests: [...account.blocks.digests] } },
    offsetFrames: null,
    gaps,
    gapsAreExact: true,
    packets: {},
    verdict: { kind: 'unproven', words: '' },
  };
}

/** A desk and a recorder that are joined in memory. Time runs twenty times as fast, unless the clock is another one. */
export class RepairRig {
  readonly clock: Clock;
  readonly notes: string[] = [];
  readonly problems: string[] = [];
  readonly desk: RepairDesk;
  readonly key: string;
  dials = 0;
  /** Called with the bytes that the sender has answered on a connection so far; true breaks it. */
  breaks: (connection: number, answeredBytes: number) => boolean = () => false;

  constructor(options: Partial<Pick<RepairDeskOptions, 'credentials' | 'maxBytesPerSecond' | 'clock'>> = {}) {
    this.clock = options.clock ?? hurriedClock(20);
    const identity = generateKeyPair();
    this.key = formatKey('public', identity.publicKey.raw);
    const credentials: ServerCredentials = options.credentials ?? { kind: 'identity', identity };
    const onProblem = (text: string) => void this.problems.push(text);
    this.desk = new RepairDesk({ onProblem, ...options, clock: this.clock, credentials });
  }

  /** Joins a recorder to the desk. */
  readonly dial: Dial = () => {
    const connection = this.dials++;
    const [client, server] = duplexPair({ allowHalfOpen: false });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
    let answered = 0;
    const write = server.write.bind(server);
    server.write = ((bytes: Buffer) => {
      answered += bytes.length;
      if (this.breaks(connection, answered)) server.destroy();
      return server.destroyed || write(bytes);
    }) as typeof server.write;
    this.desk.accept(server, '192.0.2.1');
    return client;
  };

  /** Repairs the take in that folder. */
  repair(folder: string, options: Partial<RepairTakeOptions> = {}) {
    return repairTake({
      folder,
      from: [{ host: '192.0.2.9', port: 40_000, session: 'rig@distream', key: this.key }],
      patienceMs: 60_000,
      clock: this.clock,
      random: seededRandom(1),
      signal: new AbortController().signal,
      onNote: (text) => void this.notes.push(text),
      dial: this.dial,
      ...options,
    });
  }
}
