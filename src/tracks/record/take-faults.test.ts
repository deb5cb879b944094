import { describe, expect, it } from 'vitest';
import type { DiskCall } from '../../../test/support/memory-take-fs.ts';
import { testSignal } from '../../../test/support/rtp-sender.ts';
import { takeRig, wavOf } from '../../../test/support/take-rig.ts';
import { WavHeadParser } from '../../media/wav/parse-head.ts';
import { takeSchema } from '../proof/take-schema.ts';

const TAKE = 'takes/2026-11-21T09-30-00Z';
const KICK = `${TAKE}/Kick.wav`;

/** Whether a file is one that players open, with the beginning of what was sent; answers its frames. */
function validFrames(bytes: Buffer): number {
  const parser = new WavHeadParser({ fileBytes: bytes.length });
  const head = parser.push(bytes) ?? parser.end();
  const audio = bytes.subarray(head.dataStart, head.dataStart + head.dataBytes);
  expect(audio.equals(testSignal(0, head.frames))).toBe(true);
  return head.frames;
}

describe('a disk that fails', () => {
  it('full for one track: the others go on, and its file stays valid and says what is in it', async () => {
    const { take, fs, play, notes } = takeRig(['Kick', 'Bass']);
    await play(0, 1000);
    fs.full = 'Kick';
    await play(1000, 2000);
    const account = (await take.finish())!;
    expect([take.hasFailed, take.isFull]).toEqual([true, false]);
    expect(notes.slice(1)).toEqual([`${KICK}: the disk is full; this track ends here, the others go on`]);
    expect(wavOf(fs, '/Bass.wav').audio.equals(testSignal(0, 96_000))).toBe(true);
    const frames = validFrames(fs.files.get(KICK)!);
    expect(frames).toBeGreaterThan(24_000);
    const [kick, bass] = account.tracks;
    expect(kick!.recorded!.frames).toBe(frames);
    expect([kick!.failure, bass!.failure]).toEqual(['the disk is full', undefined]);
    expect(kick!.verdict.words).toContain('; its file failed: the disk is full');
    expect(takeSchema.parse(JSON.parse(JSON.stringify(account)))).toBeTruthy();
  });

  it('full for all of them: the take ends, and says so once for each', async () => {
    const { take, fs, play, notes } = takeRig(['Kick', 'Bass']);
    await play(0, 1000);
    fs.full = '.wav';
    await play(1000, 1500);
    expect(take.isFull).toBe(true);
    expect(notes.slice(1)).toEqual([
      `${KICK}: the disk is full; this track ends here, the others go on`,
      `${TAKE}/Bass.wav: the disk is full; this track ends here, and with it the take`,
    ]);
    await take.finish();
    for (const name of ['Kick', 'Bass']) expect(validFrames(fs.files.get(`${TAKE}/${name}.wav`)!)).toBeGreaterThan(0);
  });

  it('says that a file was deleted', async () => {
    const { play, fs, notes } = takeRig(['Kick', 'Bass']);
    await play(0, 500);
    fs.deleted = 'Kick';
    await play(500, 2500);
    expect(notes.at(-1)).toBe(`${KICK}: the file was deleted; this track ends here, the others go on`);
  });

  it('at any call: the other track is whole, this one is valid as far as it goes, and nothing rejects', async () => {
    const calls = await callsOf(['Kick', 'Bass'], ({ path }) => path === KICK);
    expect(calls).toBeGreaterThan(15);
    for (let failing = 0; failing < calls; failing++) {
      const { take, fs, play, notes } = takeRig(['Kick', 'Bass']);
      let call = 0;
      fs.onCall = ({ path }) => {
        if (path === KICK && call++ === failing) throw Object.assign(new Error('broken'), { code: 'EIO' });
      };
      await play(0, 1200);
      const account = (await take.finish())!;
      expect(wavOf(fs, '/Bass.wav').audio.equals(testSignal(0, 57_600))).toBe(true);
      expect(notes.filter((note) => note.includes('the disk failed')).length).toBeLessThanOrEqual(1);
      const kick = fs.files.get(KICK);
      // Where not even its head could be written, there is nothing in it.
      if (kick && kick.length > 0) expect(validFrames(kick)).toBe(account.tracks[0]!.recorded!.frames);
      const isWhole = account.tracks[0]!.recorded!.frames === 57_600;
      if (!isWhole) expect(account.tracks[0]!.failure).toBe('the disk failed');
    }
  });

  it('for the folder: every track says so, and the take ends', async () => {
    const { take, fs, play, notes } = takeRig(['Kick', 'Bass']);
    fs.onCall = ({ name }) => {
      if (name === 'makeNewFolder') throw Object.assign(new Error('gone'), { code: 'EROFS' });
    };
    await play(0, 500);
    expect(take.isFull).toBe(true);
    await take.finish();
    expect(notes).toEqual([
      `${KICK}: the disk is read-only; this track ends here, the others go on`,
      `${TAKE}/Bass.wav: the disk is read-only; this track ends here, and with it the take`,
      'cannot write take.json: the disk is read-only',
    ]);
  });

  it('for the account only: the audio is whole', async () => {
    const { take, fs, play, notes } = takeRig(['Kick']);
    fs.onCall = ({ name }) => {
      if (name === 'replace' || name === 'reserve') throw Object.assign(new Error('no'), { code: 'ENOSPC' });
    };
    await play(0, 6000);
    await take.finish();
    expect(notes.slice(1)).toEqual(['cannot write take.json: the disk is full']);
    expect(validFrames(fs.files.get(KICK)!)).toBe(288_000);
  });

  it('that takes a few bytes at a time loses nothing', async () => {
    const { take, fs, play } = takeRig(['Kick']);
    fs.maxWrite = 1000;
    await play(0, 1500);
    await take.finish();
    expect(validFrames(fs.files.get(KICK)!)).toBe(72_000);
  });
});

describe('a crash', () => {
  it('at any call leaves a file that is valid up to the last second', async () => {
    const { fs, play, clock, take } = takeRig(['Kick']);
    const startMs = clock.nowMs();
    let crashes = 0;
    fs.onCall = () => {
      const bytes = fs.files.get(KICK);
      if (!bytes || bytes.length === 0) return;
      crashes++;
      const recordedMs = clock.nowMs() - startMs;
      // The buffer, the portions in which it is emptied, and a second between two checkpoints.
      expect(validFrames(bytes) / 48).toBeGreaterThan(recordedMs - 100 - 25 - 50 - 1050);
    };
    await play(0, 2500);
    await take.finish();
    expect(crashes).toBeGreaterThan(50);
  });
});

/** How many calls of a kind a whole take makes. */
async function callsOf(titles: readonly string[], isCounted: (call: DiskCall) => boolean): Promise<number> {
  const { take, fs, play } = takeRig(titles);
  let calls = 0;
  fs.onCall = (call) => {
    if (isCounted(call)) calls++;
  };
  await play(0, 1200);
  await take.finish();
  return calls;
}
