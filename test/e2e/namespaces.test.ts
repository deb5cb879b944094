import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Take, TakeTrack } from '../../src/tracks/proof/take-schema.ts';
import { run, until } from './support/child.ts';
import { type LineFaults, lossyNetwork, whyNoNamespaces } from './support/lossy-network.ts';
import { makeTracks, newFolder, onlyTake, samplesOf } from './support/recording.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const PACKET_FRAMES = 48;
const NAMES = ['bass', 'drums', 'vocals'];

/**
 * What a new user does, on two machines with one network: records by the session's name what the other one sends as a
 * multicast group. The tracks go from `sender` to the other side.
 */
async function recordOver(faults: LineFaults, sender: 'a' | 'b', seconds: number, ...args: readonly string[]) {
  const [here, there] = [newFolder(), newFolder()];
  mkdirSync(join(here, 'stems'));
  await makeTracks(join(here, 'stems'), NAMES, seconds);
  const network = await lossyNetwork(faults);
  try {
    const receiver = sender === 'a' ? 'b' : 'a';
    const address = sender === 'a' ? '10.9.0.1' : '10.9.0.2';
    const node = [process.execPath, BIN] as const;
    const record = network.start(receiver, there, ...node, 'record', 'sap://stems', ...args);
    await until('the recorder', () => record.errors().includes('Waiting for "stems"'));
    // The flows begin when the recorder knows of them: what is before a take is not missing in it.
    const startAt = new Date(Date.now() + 9000).toISOString();
    const send = network.start(sender, here, ...node, 'send', 'stems', '--interface', address, '--start', startAt);
    expect(await record.exited, record.errors()).toBe(0);
    expect(await send.exited, send.errors()).toBe(0);
    const lost = await network.close();
    return { here, there, lost, said: record.errors(), take: onlyTake(there).account! };
  } catch (error) {
    await network.close();
    throw error;
  }
}

/** The packets of ranges of sample frames, by their first ones. */
function packetsOf(ranges: readonly (readonly [number, number, ...unknown[]])[]): number[] {
  return ranges.flatMap(([start, frames]) =>
    Array.from({ length: frames / PACKET_FRAMES }, (_, index) => start + index * PACKET_FRAMES),
  );
}

/** Positions in a track of packets that the line has seen, in order. */
function positionsOf({ runs }: TakeTrack, timestamps: readonly number[]): number[] {
  const [run] = runs!;
  const positions = timestamps.map((timestamp) => ((timestamp - run!.timestamp) | 0) + run!.start);
  return positions.filter((position) => position >= 0).sort((one, other) => one - other);
}

/** That each gap was exactly what the network lost, and that nothing of it is left. */
async function expectProven({ here, there, lost, take }: Awaited<ReturnType<typeof recordOver>>): Promise<Take> {
  expect(take.verdict).toEqual({ isIdentical: true, words: expect.stringContaining('All 3 tracks are identical') });
  expect(take.tracks.map(({ name }) => name).toSorted()).toEqual(NAMES);
  for (const track of take.tracks) {
    expect(track.gaps).toEqual([]);
    expect(track.recorded!.sha256).toBe(track.sent!.sha256);
    const end = track.recorded!.frames;
    const losses = lost.get(track.runs![0]!.ssrc)!;
    // What came again half a second later was in time or not.
    const late = new Set(positionsOf(track, losses.late));
    // Of packets after the last one that came, a recorder knows nothing before it asks the sender.
    const known = track.gapsBeforeRepair!.find(([start, frames]) => start + frames >= end)?.[0] ?? end;
    const isCompared = (position: number) => position < known && !late.has(position);
    const missing = positionsOf(track, losses.lost).filter(isCompared);
    expect(packetsOf(track.gapsBeforeRepair!).filter(isCompared)).toEqual(missing);
    expect(late.size).toBeLessThan(missing.length / 2);
    const recorded = await samplesOf(join(onlyTake(there).path, track.file!));
    expect(recorded.equals(await samplesOf(join(here, 'stems', `${track.name}.wav`)))).toBe(true);
  }
  return take;
}

const reason = whyNoNamespaces();
if (reason) console.log(`skipped: send and record between two network namespaces: ${reason}`);

describe.skipIf(reason)('send and record between two network namespaces', { timeout: 180_000 }, () => {
  it('gives identical files with 2 % loss and 20 ms of jitter that reorders, without asking for packets again', async () => {
    const faults = { seed: 1, lossPercent: 2, delayMs: 25, jitterMs: 20 };
    const take = await expectProven(await recordOver(faults, 'a', 12, '--no-resend'));
    for (const { packets, gapsBeforeRepair } of take.tracks) {
      expect(packets.reordered).toBeGreaterThan(1000);
      expect(gapsBeforeRepair!.length).toBeGreaterThan(100);
    }
  });

  it('gives identical files with 10 % loss and two outages of 3 s, the other way round', async () => {
    const faults: LineFaults = {
      seed: 2,
      lossPercent: 10,
      delayMs: 20,
      jitterMs: 5,
      outages: [
        [3, 6],
        [9, 12],
      ],
    };
    const take = await expectProven(await recordOver(faults, 'b', 16));
    for (const { packets, gapsBeforeRepair } of take.tracks) {
      // Lost packets came again where the line was up; the outages are longer than the buffer.
      expect(packets.repaired).toBeGreaterThan(100);
      const long = gapsBeforeRepair!.filter(([, frames]) => frames > 1.5 * 48_000);
      expect(long.length).toBe(2);
    }
  });

  it('gives identical files of three sample rates in step, of which the beginning was missed', async () => {
    const [here, there] = [newFolder(), newFolder()];
    mkdirSync(join(here, 'stems'));
    for (const rate of [44_100, 48_000, 96_000]) {
      const noise = `anoisesrc=d=4:r=${rate}:a=0.5:seed=${rate}`;
      const file = join(here, 'stems', `${rate}.wav`);
      await run('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', noise, '-c:a', 'pcm_s24le', file]);
    }
    const network = await lossyNetwork({ seed: 3, lossPercent: 0, delayMs: 10, jitterMs: 5 });
    try {
      const record = network.start('b', there, process.execPath, BIN, 'record', 'sap://stems');
      await until('the recorder', () => record.errors().includes('Waiting for "stems"'));
      // At once, so that the first packets leave before the recorder listens.
      const common = ['--mixed', '--interface', '10.9.0.1'];
      const send = network.start('a', here, process.execPath, BIN, 'send', 'stems', ...common);
      expect(await record.exited, record.errors()).toBe(0);
      expect(await send.exited, send.errors()).toBe(0);
    } finally {
      await network.close();
    }
    const { path, account } = onlyTake(there);
    expect(account!.verdict.isIdentical, JSON.stringify(account!.verdict)).toBe(true);
    for (const { name, file } of account!.tracks) {
      const sent = await samplesOf(join(here, 'stems', `${name}.wav`));
      expect((await samplesOf(join(path, file!))).equals(sent)).toBe(true);
    }
  });
});
