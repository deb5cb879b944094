import { expect, it } from 'vitest';
import { FakeClock, settle } from '../../../test/support/fake-clock.ts';
import { MemoryTakeFs } from '../../../test/support/memory-take-fs.ts';
import { TestSender, testSignal } from '../../../test/support/rtp-sender.ts';
import { WavHeadParser } from '../../media/wav/parse-head.ts';
import { takeSchema } from '../proof/take-schema.ts';
import type { FlowSpec } from './flow-spec.ts';
import { Take } from './take.ts';

const FROM = '192.0.2.1';

function spec(title: string): FlowSpec {
  return {
    title,
    encoding: 'L16',
    sampleRate: 48_000,
    channels: 1,
    channelNames: [],
    payloadTypes: [96],
    mediaClock: { key: 'ptp 1', offset: 0 },
    paths: [],
  };
}

function newTake(titles: readonly string[], maxMs?: number, conceals = false) {
  const clock = new FakeClock(Date.UTC(2026, 10, 21, 9, 30, 0, 250));
  const fs = new MemoryTakeFs();
  const notes: string[] = [];
  const take = new Take({
    clock,
    fs,
    folder: 'takes',
    flows: titles.map(spec),
    bufferMs: 100,
    keepsFlows: true,
    maxMs,
    conceals,
    clockAccount: () => ({ source: 'local', offsetMs: null, errorBoundMs: null }),
    onNote: (text) => void notes.push(text),
  });
  const senders = titles.map((_, index) => new TestSender({ ssrc: index + 1, firstTimestamp: 1000 }));
  /** Plays packets of 1 ms to all flows. */
  const play = async (from: number, to: number, lost: (flow: number, packet: number) => boolean = () => false) => {
    for (let packet = from; packet < to; packet++) {
      for (const [flow, sender] of senders.entries()) {
        if (!lost(flow, packet)) take.flows[flow]!.line.receive(sender.packet(packet), FROM, clock.nowMs());
      }
      clock.advance(1);
      take.tick();
      if (packet % 50 === 0) await settle();
    }
    await settle();
  };
  return { take, fs, clock, notes, play };
}

function wavOf(fs: MemoryTakeFs, ending: string) {
  const [, bytes] = [...fs.files].find(([path]) => path.endsWith(ending))!;
  const head = new WavHeadParser({ fileBytes: bytes.length }).push(bytes)!;
  return { head, audio: bytes.subarray(head.dataStart, head.dataStart + head.dataBytes) };
}

it('writes a file for each flow with one time, and an account that fits its schema', async () => {
  const { take, fs, play, notes } = newTake(['Kick', 'Vocals / lead']);
  await play(0, 500, (flow, packet) => flow === 1 && packet >= 100 && packet < 110);
  const account = (await take.finish())!;
  expect(notes).toEqual(['recording to takes/2026-11-21T09-30-00Z']);
  const [kick, vocals] = ['/Kick.wav', '/Vocals _ lead.wav'].map((name) => wavOf(fs, name));
  const gap = { start: 4800, end: 5280 };
  expect(kick!.audio.equals(testSignal(0, 24_000))).toBe(true);
  expect(vocals!.audio.equals(testSignal(0, 24_000, [gap]))).toBe(true);
  expect(kick!.head.bext?.timeReference).toBe(((9 * 3600 + 30 * 60) * 1000 + 250) * 48);
  expect(vocals!.head.bext?.timeReference).toBe(kick!.head.bext?.timeReference);
  expect(kick!.head.bext?.description).toMatch(/^Take start 2026-11-21T09:30:00\.250Z UTC.*; no gaps$/);
  expect(vocals!.head.bext?.description).toContain('1 gap at the end of the take, 480 frames (10 ms) silent');
  expect(account.tracks.map(({ name }) => name)).toEqual(['Kick', 'Vocals / lead']);
  expect(account.tracks[1]!.gaps).toEqual([[4800, 480, 'lost']]);
  const written = fs.files.get('takes/2026-11-21T09-30-00Z/take.json')!;
  expect(takeSchema.parse(JSON.parse(written.toString()))).toEqual(JSON.parse(JSON.stringify(account)));
});

it('has valid files before it ends: their heads tell what was written a second ago', async () => {
  const { fs, play } = newTake(['Kick']);
  await play(0, 2500);
  const { head, audio } = wavOf(fs, '/Kick.wav');
  expect(head.frames).toBeGreaterThan(48_000);
  expect(audio.equals(testSignal(0, head.frames))).toBe(true);
});

it('conceals a loss on request, and lists it all the same', async () => {
  const { take, fs, play } = newTake(['Kick'], undefined, true);
  await play(0, 500, (_, packet) => packet >= 100 && packet < 150);
  const account = (await take.finish())!;
  const { audio, head } = wavOf(fs, '/Kick.wav');
  expect(account.tracks[0]!.gaps).toEqual([[4800, 2400, 'lost']]);
  expect(head.bext?.description).toContain('2400 frames (50 ms) concealed');
  expect(audio.length).toBe(48_000);
  expect(audio.subarray(0, 9600).equals(testSignal(0, 4800))).toBe(true);
  expect(audio.subarray(9600, 9600 + 1920).some((byte) => byte !== 0)).toBe(true);
  expect(audio.subarray(9600 + 1920, 14_400).every((byte) => byte === 0)).toBe(true);
  expect(audio.subarray(14_400).equals(testSignal(7200, 24_000))).toBe(true);
});

it('ends to the frame after its length', async () => {
  const { take, fs, play } = newTake(['Kick', 'Bass'], 300);
  await play(0, 600);
  expect(take.isFull).toBe(true);
  await take.finish();
  for (const name of ['/Kick.wav', '/Bass.wav']) {
    expect(wavOf(fs, name).audio.equals(testSignal(0, 300 * 48))).toBe(true);
  }
});

it('goes on with the other tracks when the disk is full for one, whose file stays valid', async () => {
  const { take, fs, play, notes } = newTake(['Kick', 'Bass']);
  await play(0, 1000);
  fs.full = 'Kick';
  await play(1000, 2000);
  const account = (await take.finish())!;
  expect(take.hasFailed).toBe(true);
  expect(notes.filter((note) => note.includes('the disk is full'))).toHaveLength(1);
  expect(wavOf(fs, '/Bass.wav').audio.equals(testSignal(0, 96_000))).toBe(true);
  const { audio, head } = wavOf(fs, '/Kick.wav');
  expect(head.frames).toBeGreaterThan(24_000);
  expect(audio.equals(testSignal(0, head.frames))).toBe(true);
  expect(account.tracks[0]!.recorded!.frames).toBe(head.frames);
});

it('says that a file was deleted', async () => {
  const { play, fs, notes } = newTake(['Kick', 'Bass']);
  await play(0, 500);
  fs.deleted = 'Kick';
  await play(500, 2500);
  expect(notes.at(-1)).toBe(
    'takes/2026-11-21T09-30-00Z/Kick.wav: the file was deleted; this track ends here, the others go on',
  );
});

it('makes a folder of its own beside one of the same second, and nothing when nothing came', async () => {
  const { fs, play, take } = newTake(['Kick']);
  fs.folders.add('takes/2026-11-21T09-30-00Z');
  await play(0, 500);
  await take.finish();
  expect(take.path).toBe('takes/2026-11-21T09-30-00Z-2');
  const other = newTake(['Kick']);
  other.clock.advance(1000);
  other.take.tick();
  expect(await other.take.finish()).toBeUndefined();
  expect(other.fs.files.size).toBe(0);
});
