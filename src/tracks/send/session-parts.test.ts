import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { plainFmt, wavChunk, wavFile } from '../../../test/support/wav.ts';
import type { DistreamError } from '../../core/errors.ts';
import { planSession } from '../plan/plan-session.ts';
import { SteadyUtc } from '../steady-utc.ts';
import { closeTracks, findTracks, openTracks } from './find-tracks.ts';
import { sessionLengths } from './session-length.ts';
import { startClock, waitForStart } from './session-start.ts';
import { TrackLevels } from './track-levels.ts';

const format = { sampleRate: 48_000, channels: 1, bitsPerSample: 24, isFloat: false } as const;

describe('a start time', () => {
  const wait = (clock: FakeClock, startUtcMs: number | undefined, signal = new AbortController().signal) => {
    const notes: string[] = [];
    const done = waitForStart({ startUtcMs, clock, signal, onNote: (text) => notes.push(text) });
    return { notes, done };
  };

  it('is waited for until 4 s before it, in naps', async () => {
    const clock = new FakeClock();
    const { notes, done } = wait(clock, clock.utcMs() + 90_000);
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    await clock.run(85_000);
    expect(isDone).toBe(false);
    await clock.run(1_000);
    expect([isDone, notes.length]).toEqual([true, 1]);
  });

  it('that has passed or is far away is refused; none is not waited for', async () => {
    const clock = new FakeClock();
    await wait(clock, undefined).done;
    await expect(wait(clock, clock.utcMs() - 1).done).rejects.toThrow(/has passed/);
    await expect(wait(clock, clock.utcMs() + 8 * 86_400_000).done).rejects.toThrow(/more than a week/);
  });

  it('is given up when it is stopped', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const { done } = wait(clock, clock.utcMs() + 60_000, stop.signal);
    stop.abort();
    await done;
    expect(clock.pendingCount).toBe(0);
  });

  it('is the instant of the first sample frame', () => {
    const plan = planSession({ tracks: [{ name: 'a', format }] });
    const utc = new SteadyUtc({ ns: 1000n, utcMs: 5_000 });
    const options = { plan, random: () => 0.5 };
    const at = startClock({ ...options, startUtcMs: 9_000 }, { utc, ntp: undefined, nowNs: () => 0n });
    expect([at.startNs, at.startUtcMs]).toEqual([4_000_001_000n, 9_000]);
    const soon = startClock({ ...options, startUtcMs: undefined }, { utc, ntp: undefined, nowNs: () => 7n });
    expect(soon.startNs).toBe(505_000_007n);
  });
});

describe('the length of a session', () => {
  it('is that of its longest track, at every rate', () => {
    const lengths = sessionLengths([
      { format, frames: 48_001 },
      { format: { ...format, sampleRate: 44_100 }, frames: 10 },
    ]);
    expect([...lengths]).toEqual([
      [48_000, 48_001],
      [44_100, 44_101],
    ]);
  });
});

describe('levels', () => {
  it('are shown when their time has come', () => {
    const levels = new TrackLevels([{ encoding: 'L16' }, { encoding: 'L24' }]);
    const loud = Buffer.from([0, 0x80, 0, 0]);
    const soft = Buffer.from([9, 0, 0x20, 9, 0, 0xf0]);
    levels.note([loud, soft], 100);
    levels.note([Buffer.alloc(4), Buffer.alloc(6)], 200);
    expect(levels.at(50)).toEqual([1, 0.25]);
    expect(levels.at(150)).toEqual([0, 0]);
    expect(levels.at(250)).toEqual([0, 0]);
  });

  it('of rates that are read apart come together', () => {
    const levels = new TrackLevels([{ encoding: 'L16' }, { encoding: 'L16' }]);
    levels.note([Buffer.from([0, 0x40]), undefined], 100);
    levels.note([undefined, Buffer.from([0, 0xe0])], 110);
    expect(levels.at(50)).toEqual([0.5, 0.25]);
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'distream-find-'));
  const wav = (frames: number) => wavFile([wavChunk('fmt ', plainFmt()), wavChunk('data', Buffer.alloc(frames * 4))]);
  const put = (name: string, bytes: Buffer = wav(4)) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it('of a folder come in their natural order; others and hidden ones are left out', async () => {
    for (const name of ['10 snare.wav', '2 kick.WAV', '.hidden.wav', 'notes.txt', '3 hat.bwf']) put(name);
    const tracks = await openTracks([folder]);
    expect(tracks.map(({ name }) => name)).toEqual(['2 kick', '3 hat', '10 snare']);
    await closeTracks(tracks);
  });

  it('that hold nothing, are missing or are none are refused, each with its name', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'distream-find-'));
    await expect(findTracks([empty])).rejects.toThrow(/no WAV, BWF or RF64/);
    await expect(openTracks([join(empty, 'x.wav')])).rejects.toMatchObject({ code: 'TRACK_UNREADABLE' });
    writeFileSync(join(empty, 'none.wav'), wav(0));
    await expect(openTracks([empty])).rejects.toThrow(/none\.wav.*no audio/);
  });

  it('that are bad are all named by one message, the first 20 of them, and none stays open', async () => {
    const bad = mkdtempSync(join(tmpdir(), 'distream-find-'));
    for (let index = 0; index < 21; index++) writeFileSync(join(bad, `${index}.wav`), 'no sound');
    writeFileSync(join(bad, '21.wav'), wav(0));
    writeFileSync(join(bad, '22 good.wav'), wav(4));
    const error = await openTracks([bad, join(bad, 'none.wav')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TRACKS_UNUSABLE', exitCode: 1 });
    const { message, lines } = error as DistreamError;
    expect(message).toBe('23 of 24 files cannot be sent, so nothing was sent');
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/none\.wav: no such file/);
    expect(lines[1]).toMatch(/\b0\.wav: /);
    expect(lines[20]).toBe('and 3 more');
    const few = [join(bad, '21.wav'), join(bad, '3.wav')];
    await expect(openTracks(few)).rejects.toMatchObject({
      lines: [expect.stringMatching(/21\.wav: it holds no audio$/), expect.stringMatching(/3\.wav: /)],
    });
  });

  it('tell when they were written to after they were opened', async () => {
    const path = put('99 changes.wav');
    const [track] = await openTracks([path]);
    expect(await track!.file.hasChanged()).toBe(false);
    writeFileSync(path, wav(9));
    expect(await track!.file.hasChanged()).toBe(true);
    await closeTracks([track!]);
  });
});
