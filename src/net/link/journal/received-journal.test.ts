import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailingJournalFs } from '../../../../test/support/failing-journal-fs.ts';
import { FakeClock } from '../../../../test/support/fake-clock.ts';
import { LinesLogger } from '../../../../test/support/lines-logger.ts';
import type { StreamRecord } from '../../../protocols/link/stream-records.ts';
import {
  type KeptReception,
  ReceivedJournal,
  type ReceivedJournalOptions,
  type ReceivedRun,
} from './received-journal.ts';

const EPOCH = '00112233aabbccdd';
const FRAME_US = (1152 * 1e6) / 44_100;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'distream-received-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const headers = Buffer.alloc(0);
const FORMAT: StreamRecord = {
  type: 'format',
  contentType: 'audio/mpeg',
  codec: 'mp3',
  ticksPerSecond: 44_100,
  channels: 2,
  headers,
};
const ORIGIN: StreamRecord = { type: 'origin', epoch: EPOCH, originByte: 500, audioOffset: 0 };

function open(overrides: Partial<ReceivedJournalOptions> = {}) {
  const log = new LinesLogger();
  const clock = new FakeClock();
  const folder = join(root, 'a');
  return {
    log,
    journal: new ReceivedJournal({ folder, name: 'live', clock, log, keepMs: 2000, maxBytes: 1 << 20, ...overrides }),
  };
}

/** A packet with so many frames; the first is number `frame`. */
function packet(frame: number, count = 3): ReceivedRun {
  const audio = Array.from({ length: count }, (_, index): StreamRecord[] => [
    ...((frame + index) % 50 === 49
      ? [{ type: 'title', title: `t${frame + index}`, artist: '', url: '' } as const]
      : []),
    { type: 'audio', data: Buffer.alloc(400, frame + index), ticks: 1152 },
  ]);
  return {
    epoch: EPOCH,
    audioOffset: frame * 400,
    records: [...(frame === 0 ? [FORMAT, ORIGIN] : []), ...audio.flat()],
  };
}

const positionAfter = (frame: number) => ({ epoch: EPOCH, offset: frame * 401, mediaTimeUs: frame * FRAME_US });

function play(journal: ReceivedJournal, from: number, to: number) {
  for (let frame = from; frame < to; frame += 3) journal.keep([packet(frame)], positionAfter(frame + 3));
}

/** The numbers of the frames, each checked to lie where it says. */
function framesOf(kept: KeptReception | undefined): number[] {
  return (kept?.runs ?? []).flatMap(({ audioOffset, records }) => {
    const audio = records.flatMap((record) => (record.type === 'audio' ? [record.data] : []));
    const first = audioOffset / 400;
    for (const [index, data] of audio.entries()) expect(data[0]).toBe((first + index) & 255);
    return audio.map((_, index) => first + index);
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('a reception on the disk', () => {
  it('gives back the newest audio, what holds there, and where it goes on', () => {
    const { journal } = open();
    play(journal, 0, 300);
    journal.close();
    const next = open().journal;
    expect(next.kept?.position).toEqual(positionAfter(300));
    const frames = framesOf(next.kept);
    expect(frames).toEqual(range(300 - frames.length, 300));
    expect(frames.length * FRAME_US).toBeGreaterThan(2e6 - 4 * FRAME_US);
    expect(frames.length * FRAME_US).toBeLessThanOrEqual(2e6);
    const pinned = next.kept!.runs[0]!.records;
    expect(pinned).toEqual([FORMAT, ORIGIN, { type: 'title', title: 't199', artist: '', url: '' }]);
    play(next, 300, 330);
    next.close();
    const third = open().journal;
    const more = framesOf(third.kept);
    expect(more).toEqual(range(330 - more.length, 330));
    expect(more.length).toBeGreaterThanOrEqual(frames.length - 3);
    third.close();
    expect(readdirSync(join(root, 'a')).length).toBeLessThan(14);
  });

  it('drops what has no position after it: that comes again', () => {
    const { journal } = open();
    play(journal, 0, 30);
    journal.keep([packet(30), { ...packet(40), epoch: 'ffffffffffffffff' }], undefined);
    journal.close();
    const { kept } = open().journal;
    expect(kept?.position).toEqual(positionAfter(30));
    expect(framesOf(kept)).toEqual(range(0, 30));
  });

  it('is consistent wherever the last write was cut off', () => {
    const { journal } = open();
    play(journal, 0, 60);
    journal.close();
    const files = readdirSync(join(root, 'a')).sort();
    const newest = files.at(-1)!;
    const whole = readFileSync(join(root, 'a', newest));
    for (let length = 0; length < whole.length; length += 101) {
      const folder = join(root, `cut-${length}`);
      cpSync(join(root, 'a'), folder, { recursive: true });
      writeFileSync(join(folder, newest), whole.subarray(0, length));
      const { journal: next } = open({ folder });
      const frames = framesOf(next.kept);
      const end = frames.at(-1)! + 1;
      expect(next.kept!.position).toEqual(positionAfter(end));
      expect(frames).toEqual(range(end - frames.length, end));
      next.close();
    }
  });

  it('gives nothing of another stream, and never audio with a hole in it', () => {
    const { journal } = open();
    play(journal, 0, 60);
    journal.close();
    expect(open({ name: 'other', folder: join(root, 'a') }).journal.kept).toBeUndefined();
    const files = readdirSync(join(root, 'a'))
      .filter((name) => name.endsWith('.journal'))
      .sort();
    const spoilt = join(root, 'a', files[2]!);
    const bytes = readFileSync(spoilt);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(spoilt, bytes);
    rmSync(join(root, 'a', 'lock'), { force: true });
    const copy = join(root, 'copy');
    cpSync(join(root, 'a'), copy, { recursive: true });
    const { kept } = open({ folder: copy }).journal;
    const frames = framesOf(kept);
    expect(kept!.position).toEqual(positionAfter(60));
    expect(frames).toEqual(range(60 - frames.length, 60));
    expect(frames.length).toBeLessThan(60);
  });

  it('goes on in memory while the disk takes nothing', async () => {
    const fs = new FailingJournalFs();
    const clock = new FakeClock();
    const { journal, log } = open({ fs, clock });
    play(journal, 0, 30);
    fs.fault = Object.assign(new Error('x'), { code: 'EIO' });
    play(journal, 30, 60);
    fs.fault = undefined;
    await clock.run(11_000);
    play(journal, 60, 90);
    journal.close();
    expect(log.lines).toEqual([expect.stringMatching(/^error .*the disk failed/), expect.stringContaining('again')]);
    const { kept } = open().journal;
    expect([framesOf(kept), kept?.position]).toEqual([range(60, 90), positionAfter(90)]);
    expect(kept!.runs[0]!.records.slice(0, 2)).toEqual([FORMAT, ORIGIN]);
  });
});
