import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { RepairRig, RIG_CLOCK, rigSession, rigSound, writeRigTake } from '../../../test/support/repair-rig.ts';
import type { GapEntry } from '../proof/gap-list.ts';
import { openWavFile } from '../wav-file.ts';

const root = mkdtempSync(join(tmpdir(), 'distream-repair-take-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'take-'));
});

const FRAMES = 300_000;
const PCM = rigSound(FRAMES, 1);
/** Every third packet of 48 frames in the middle, and a long outage. */
const GAPS: readonly GapEntry[] = [
  ...Array.from({ length: 600 }, (_, n) => [5000 + n * 144, 48, 'lost'] as const),
  [100_000, 150_000, 'lost'],
];

async function heldIn(name: string): Promise<Buffer> {
  const wav = await openWavFile(join(folder, `${name}.wav`));
  const pcm = Buffer.alloc(wav.head.dataBytes);
  await wav.read(pcm, 0);
  await wav.close();
  return pcm;
}

async function described(name: string): Promise<string | undefined> {
  const wav = await openWavFile(join(folder, `${name}.wav`));
  await wav.close();
  return wav.head.bext?.description;
}

function writeGappy() {
  return writeRigTake(folder, [{ name: 'drums', pcm: PCM, gaps: GAPS }]);
}

describe('repair of a take', () => {
  it('fetches exactly what is missing, over several connections, and proves it', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    writeGappy();
    const report = await rig.repair(folder);
    expect(report).toMatchObject({ isProven: true, missingFrames: 0, fetchedFrames: 600 * 48 + 150_000 });
    expect(report.take.tracks[0]).toMatchObject({ gaps: [], gapsBeforeRepair: GAPS, verdict: { kind: 'identical' } });
    expect(report.take.clocks.sender).toEqual(RIG_CLOCK);
    expect((await heldIn('drums')).equals(PCM)).toBe(true);
    expect(await described('drums')).toBe('Take start 2026-11-21T20:00:00.000Z UTC; no gaps since the repair');
    expect(rig.dials).toBeGreaterThan(1);
    expect(rig.dials).toBeLessThanOrEqual(4);
    expect(rig.notes).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, 'take.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report.take)),
    );
  });

  it('goes on over another connection when one breaks, and keeps what it has when all do', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    writeGappy();
    // All of the first four break after some hundred kilobytes.
    rig.breaks = (connection, bytes) => connection < 4 && bytes > 60_000 + connection * 30_000;
    const fetched: number[] = [];
    const onProgress = ({ fetchedFrames }: { fetchedFrames: number }) => void fetched.push(fetchedFrames);
    const report = await rig.repair(folder, { onProgress });
    expect(report).toMatchObject({ isProven: true, fetchedFrames: 600 * 48 + 150_000 });
    expect(fetched.every((frames, index) => index === 0 || frames > fetched[index - 1]!)).toBe(true);
    expect(rig.dials).toBeGreaterThan(4);
    expect(rig.notes).toEqual([expect.stringMatching(/^Repair waits for 192\.0\.2\.9:40000: /)]);
  });

  it('gives up when a sender is silent for too long, and keeps what came', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    writeGappy();
    rig.breaks = (connection, bytes) => connection > 0 || bytes > 200_000;
    const report = await rig.repair(folder, { patienceMs: 10_000 });
    expect(report.isProven).toBe(false);
    expect(report.fetchedFrames).toBeGreaterThan(0);
    expect(report.fetchedFrames + report.missingFrames).toBe(600 * 48 + 150_000);
    expect(rig.notes.at(-1)).toMatch(/^Not everything could be repaired/);
    expect(await described('drums')).toMatch(
      /^Take start \S+ UTC; \d+ gaps? left by the repair, \d+ frames .* silent, first at 0:0/,
    );
    // The hashes in the account are those of the file as it is now; the rest is fetched later.
    rig.breaks = () => false;
    expect(await rig.repair(folder)).toMatchObject({ isProven: true, fetchedFrames: report.missingFrames });
    expect((await heldIn('drums')).equals(PCM)).toBe(true);
  });

  it('fetches anew what differs though nothing is known to be missing', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    writeRigTake(folder, [{ name: 'drums', pcm: PCM, gaps: [[48, 96, 'lost']], wrong: [70_000, 299_999] }]);
    const report = await rig.repair(folder);
    expect(report.take.tracks[0]!.verdict.kind).toBe('identical');
    expect((await heldIn('drums')).equals(PCM)).toBe(true);
  });

  it('repairs the files of single channels', async () => {
    const pcm = rigSound(100_000, 2, 5);
    const channel = (index: number) => {
      const mono = Buffer.alloc(pcm.length / 2);
      for (let frame = 0; frame < 100_000; frame++)
        pcm.copy(mono, frame * 3, frame * 6 + index * 3, frame * 6 + index * 3 + 3);
      return mono;
    };
    const rig = new RepairRig();
    rig.desk.serve(rigSession(pcm, { channels: 2 }));
    const gaps = [[1000, 500, 'lost']] as const;
    writeRigTake(folder, [
      { name: 'left', pcm: channel(0), channel: 0, gaps },
      { name: 'right', pcm: channel(1), channel: 1, gaps },
    ]);
    const report = await rig.repair(folder);
    expect(report).toMatchObject({ isProven: true, fetchedFrames: 1000 });
    expect((await heldIn('right')).equals(channel(1))).toBe(true);
  });

  it('adds what was lost at both ends, and all of it when asked to', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    const part = (from: number, to: number) => ({ name: 'drums', pcm: PCM.subarray(from * 3, to * 3), from, gaps: [] });
    writeRigTake(folder, [part(960, FRAMES - 480)]);
    expect((await rig.repair(folder)).take).toMatchObject({
      startUtc: '2026-11-21T19:59:59.980Z',
      verdict: { isIdentical: true },
    });
    expect((await heldIn('drums')).equals(PCM)).toBe(true);
    expect(await described('drums')).toMatch(/^Take start 2026-11-21T19:59:59.980Z UTC; no gaps since/);
    // More than five seconds are no loss: the recording began later.
    writeRigTake(folder, [part(270_000, FRAMES)]);
    const report = await rig.repair(folder);
    expect(report).toMatchObject({ isProven: true, fetchedFrames: 0 });
    expect(report.take.tracks[0]!.verdict.kind).toBe('excerpt');
    const whole = await rig.repair(folder, { lostEndsSeconds: Number.POSITIVE_INFINITY });
    expect(whole.take.verdict.isIdentical).toBe(true);
    expect((await heldIn('drums')).equals(PCM)).toBe(true);
  });

  it('makes one gap of what all tracks and what one of them had not begun with', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    writeRigTake(folder, [
      { name: 'drums', pcm: PCM.subarray(960 * 3), from: 960, gaps: [] },
      { name: 'bass', pcm: PCM.subarray(960 * 3), from: 960, gaps: [[0, 96, 'absent']] },
    ]);
    const { take } = await rig.repair(folder);
    expect(take.tracks.map(({ gapsBeforeRepair }) => gapsBeforeRepair)).toEqual([
      [[0, 960, 'absent']],
      [[0, 1056, 'absent']],
    ]);
    expect(take.verdict.isIdentical).toBe(true);
  });

  it('proves tracks of a sender that began after the take did, beside those of another one', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM, { id: 'late@distream', ssrc: 8 }));
    const pcm = Buffer.concat([Buffer.alloc(50_000 * 3), PCM]);
    // The first packet of the session and the last two were lost.
    const held = pcm.subarray(0, pcm.length - 96 * 3);
    const take = writeRigTake(folder, [
      { name: 'early', pcm: PCM, gaps: [] },
      { name: 'late', pcm: held, gaps: [[0, 50_048, 'absent']] },
    ]);
    const tracks = [take.tracks[0], { ...take.tracks[1], runs: [{ start: 50_048, ssrc: 8, timestamp: 48 }] }];
    writeFileSync(join(folder, 'take.json'), JSON.stringify({ ...take, tracks }));
    const from = [{ host: '192.0.2.9', port: 40_000, session: 'late@distream', key: rig.key }];
    const [early, late] = (await rig.repair(folder, { from })).take.tracks;
    expect(early!.verdict.kind).toBe('unproven');
    expect(late).toMatchObject({ gaps: [[0, 50_000, 'absent']], offsetFrames: 0 });
    expect(late!.verdict).toEqual({
      kind: 'identical',
      words:
        'identical: 300000 frames (0:00:06.250), sample for sample, after 50000 frames (0:00:01.041) in which nothing was sent',
    });
    expect((await heldIn('late')).equals(pcm)).toBe(true);
  });

  describe('of a sender that was started again while it was recorded', () => {
    const FIRST = { ssrc: 7, timestamp: 0, sampleRate: 48_000, channels: 1, sampleBytes: 3, frames: 1000 } as const;
    const HOLE: GapEntry = [100_000, 49_040, 'restart'];
    /** A hundred thousand frames of the first session, from its frame 1000 on, then all of the second one. */
    const recorded = Buffer.concat([PCM.subarray(3000, 303_000), Buffer.alloc(HOLE[1] * 3), PCM]);
    // The second one's first packets were lost, too.
    const gaps: GapEntry[] = [
      [5000, 480, 'lost'],
      [100_000, 50_000, 'restart'],
      [200_000, 96, 'lost'],
    ];

    function writeRestarted(key: string, wrong: readonly number[] = []) {
      const take = writeRigTake(folder, [{ name: 'drums', pcm: recorded, gaps, wrong }]);
      const runs = [
        { start: 0, ssrc: 7, timestamp: 1000 },
        { start: 150_000, ssrc: 8, timestamp: 960 },
      ];
      const [track] = take.tracks;
      const sender = { host: '192.0.2.9', port: 40_000, key };
      const repairFrom = [
        { ...sender, session: 'second@distream' },
        { ...sender, session: 'first@distream', flows: [FIRST] },
      ];
      writeFileSync(join(folder, 'take.json'), JSON.stringify({ ...take, tracks: [{ ...track, runs }], repairFrom }));
    }

    const serve = (pcm: Buffer) => {
      const rig = new RepairRig();
      rig.desk.serve(rigSession(pcm, { id: 'second@distream', ssrc: 8 }));
      return rig;
    };

    it('fills what both sessions lost and proves each for its time, when both have the same files', async () => {
      const rig = serve(PCM);
      writeRestarted(rig.key);
      const { take, isProven } = await rig.repair(folder, { from: undefined });
      const [track] = take.tracks;
      expect(track!.gaps).toEqual([HOLE]);
      expect(track!.sessions).toMatchObject([
        { session: 'first@distream', start: 0, frames: 100_000, sessionStart: 1000, offsetFrames: 0 },
        { session: 'second@distream', start: 149_040, frames: FRAMES, sessionStart: 0, offsetFrames: 0 },
      ]);
      for (const { sentSha256, recordedSha256 } of track!.sessions!) expect(sentSha256).toBe(recordedSha256);
      expect(track!.verdict).toEqual({
        kind: 'excerpt',
        words:
          'identical to what was sent in 2 sessions, sample for sample: the sender was started again, 49040 frames (0:00:01.021) of silence between its sessions',
      });
      expect([isProven, track!.offsetFrames]).toEqual([true, 0]);
      expect(take.verdict.words).toContain('each of its sessions is proven for its time');
      expect((await heldIn('drums')).equals(recorded)).toBe(true);
      expect(rig.notes).toEqual([]);
      expect(readFileSync(join(folder, 'take.html'), 'utf8')).toContain('session first@distream, from its frame 1000');
    });

    it('proves and fills only the second one when the files are others', async () => {
      const other = rigSound(FRAMES, 1, 9);
      other.copy(recorded, 149_040 * 3);
      const rig = serve(other);
      writeRestarted(rig.key);
      const { take, isProven } = await rig.repair(folder, { from: undefined });
      PCM.copy(recorded, 149_040 * 3);
      const [track] = take.tracks;
      expect(isProven).toBe(false);
      expect(track!.gaps).toEqual([[5000, 480, 'lost'], HOLE]);
      expect(track!.sessions!.map(({ offsetFrames }) => offsetFrames)).toEqual([null, 0]);
      expect(track!.sessions![0]).not.toHaveProperty('sentSha256');
      expect(track!.verdict).toMatchObject({
        kind: 'gaps',
        words: expect.stringMatching(
          /^480 frames \(10 ms\) missing; 1 session of 2 proven identical; 0:00:00\.000 to 0:00:02\.083: its sender is gone/,
        ),
      });
    });

    it('fetches anew what differs in the second session, never in the first', async () => {
      const rig = serve(PCM);
      writeRestarted(rig.key, [90_000, 220_000]);
      const { take } = await rig.repair(folder, { from: undefined });
      const [track] = take.tracks;
      expect(track!.sessions!.map(({ offsetFrames }) => offsetFrames)).toEqual([null, 0]);
      expect(track!.gaps).toEqual([[5000, 480, 'lost'], HOLE]);
      expect(track!.verdict.kind).toBe('gaps');
    });
  });

  it('keeps within its rate', async () => {
    const rig = new RepairRig();
    rig.desk.serve(rigSession(PCM));
    writeRigTake(folder, [{ name: 'drums', pcm: PCM, gaps: [[0, 200_000, 'lost']] }]);
    const startMs = rig.clock.nowMs();
    await rig.repair(folder, { maxBytesPerSecond: 100_000 });
    // 600,000 bytes, without the burst of a quarter of a second and what the last batch may be ahead.
    expect(rig.clock.nowMs() - startMs).toBeGreaterThan(5000);
  });
});
