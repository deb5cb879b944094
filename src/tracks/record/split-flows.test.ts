import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { rigSound } from '../../../test/support/repair-rig.ts';
import { plainFmt, wavChunk, wavFile } from '../../../test/support/wav.ts';
import { PcmHasher } from '../proof/pcm-hasher.ts';
import { proveTake } from '../proof/prove-take.ts';
import { type Take, type TakeTrack, takeSchema } from '../proof/take-schema.ts';
import { formatOfEncoding } from '../types.ts';
import { withSplitFlows } from './split-flows.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-split-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** More than one portion, and some blocks of the proof. */
const FRAMES = 150_000;
const CHANNELS = 3;
const sound = rigSound(FRAMES, CHANNELS);

function accountOf(pcm: Buffer, channels: number): NonNullable<TakeTrack['recorded']> {
  const hasher = new PcmHasher({ format: formatOfEncoding('L24', 48_000, channels) });
  hasher.push(pcm);
  const { blocks, ...account } = hasher.account();
  return { ...account, blocks: { ...blocks, digests: [...blocks.digests] } };
}

function takeOf(tracks: readonly TakeTrack[]): Take {
  const verdict = { isIdentical: false, words: '' };
  return { version: 1, session: { id: 's', name: 's' }, startUtc: '2026-11-21T20:00:00Z', clocks: {}, tracks, verdict };
}

const common = { encoding: 'L24', sampleRate: 48_000, offsetFrames: null, gapsAreExact: true, packets: {} } as const;
const verdict = { kind: 'unproven', words: '' } as const;
const sent = takeOf([
  { ...common, name: 'stage', channels: CHANNELS, gaps: [], verdict, sent: accountOf(sound, CHANNELS) },
]);

/** The file of a channel, as the recorder leaves it. */
function channelTrack(channel: number, changes: { wrongAt?: number; frames?: number; gap?: number } = {}): TakeTrack {
  const pcm = Buffer.alloc((changes.frames ?? FRAMES) * 3);
  for (let frame = 0; frame < pcm.length / 3; frame++) {
    if (frame !== changes.gap)
      sound.copy(pcm, frame * 3, (frame * CHANNELS + channel) * 3, (frame * CHANNELS + channel + 1) * 3);
  }
  if (changes.wrongAt !== undefined) pcm[changes.wrongAt * 3]! ^= 1;
  const name = `stage ${channel + 1}`;
  const chunks = [wavChunk('fmt ', plainFmt({ rate: 48_000, channels: 1, bits: 24 })), wavChunk('data', pcm)];
  writeFileSync(join(folder, `${name}.wav`), wavFile(chunks));
  const gaps = changes.gap === undefined ? [] : ([[changes.gap, 1, 'lost']] as const);
  const flow = { name: 'stage', channels: CHANNELS };
  return {
    ...common,
    name,
    file: `${name}.wav`,
    channels: 1,
    channel,
    flow,
    gaps,
    verdict,
    recorded: accountOf(pcm, 1),
  };
}

async function proven(tracks: readonly TakeTrack[]): Promise<Take> {
  const take = proveTake(await withSplitFlows(takeOf(tracks), folder), sent);
  expect(takeSchema.parse(JSON.parse(JSON.stringify(take)))).toEqual(take);
  return take;
}

describe('a flow in a file for each channel', () => {
  it('is identical when all channels together are', async () => {
    // In any order of the account.
    const take = await proven([channelTrack(2), channelTrack(0), channelTrack(1)]);
    expect(take.verdict.isIdentical).toBe(true);
    expect(take.tracks).toHaveLength(CHANNELS);
    expect(take.tracks[0]).toMatchObject({ name: 'stage 3', channels: 1, offsetFrames: 0 });
    expect(take.tracks[0]!.flow!.recorded!.sha256).toBe(sent.tracks[0]!.sent!.sha256);
  });

  it('differs in all of them when one does, and tells where', async () => {
    const take = await proven([channelTrack(0), channelTrack(1, { wrongAt: 70_000 }), channelTrack(2)]);
    expect(take.verdict.isIdentical).toBe(false);
    for (const { verdict: found } of take.tracks) {
      expect(found).toMatchObject({ kind: 'differs', words: expect.stringContaining('between 0:00:01.365') });
    }
  });

  it('has gaps where its channels have', async () => {
    const take = await proven([0, 1, 2].map((channel) => channelTrack(channel, { gap: 10 })));
    expect(take.tracks.map(({ verdict: found }) => found.kind)).toEqual(['gaps', 'gaps', 'gaps']);
  });

  it('is not proven when a channel is missing, or shorter', async () => {
    const missing = await proven([channelTrack(0), channelTrack(1)]);
    expect(missing.tracks.map(({ verdict: found }) => found.kind)).toEqual(['unproven', 'unproven']);
    const shorter = await proven([channelTrack(0), channelTrack(1, { frames: 1000 }), channelTrack(2)]);
    expect(shorter.tracks[0]!.verdict.words).toContain('not all channels of its flow are there');
    await expect(
      withSplitFlows(takeOf([channelTrack(0), channelTrack(1), { ...channelTrack(2), file: 'no.wav' }]), folder),
    ).rejects.toThrow(/no\.wav/);
  });
});
