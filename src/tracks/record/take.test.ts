import { expect, it } from 'vitest';
import { TestSender, testSignal } from '../../../test/support/rtp-sender.ts';
import { takeRig, wavOf } from '../../../test/support/take-rig.ts';
import { takeSchema } from '../proof/take-schema.ts';

it('writes a file for each flow with one time, and an account that fits its schema', async () => {
  const { take, fs, play, notes } = takeRig(['Kick', 'Vocals / lead']);
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
  const { fs, play } = takeRig(['Kick']);
  await play(0, 2500);
  const { head, audio } = wavOf(fs, '/Kick.wav');
  expect(head.frames).toBeGreaterThan(48_000);
  expect(audio.equals(testSignal(0, head.frames))).toBe(true);
});

it('conceals a loss on request, and lists it all the same', async () => {
  const { take, fs, play } = takeRig(['Kick'], { conceals: true });
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
  const { take, fs, play } = takeRig(['Kick', 'Bass'], { maxMs: 300 });
  await play(0, 600);
  expect(take.isFull).toBe(true);
  await take.finish();
  for (const name of ['/Kick.wav', '/Bass.wav']) {
    expect(wavOf(fs, name).audio.equals(testSignal(0, 300 * 48))).toBe(true);
  }
});

it('ends after its length when a flow is silent, or ends before', async () => {
  const { take, play, fs } = takeRig(['Kick', 'Bass'], { maxMs: 300 });
  await play(0, 1399, (flow, packet) => flow === 1 || packet >= 200);
  expect(take.isFull).toBe(false);
  await play(1399, 1402, () => true);
  expect(take.isFull).toBe(true);
  await take.finish();
  expect(wavOf(fs, '/Kick.wav').audio.equals(testSignal(0, 200 * 48))).toBe(true);
});

it('takes up a flow while it runs, silent until then, under a name of its own', async () => {
  const { take, fs, clock, play } = takeRig(['Kick']);
  await play(0, 300);
  const added = take.add({ ...take.flows[0]!.spec, title: 'kick' });
  const unheard = take.add({ ...take.flows[0]!.spec, title: 'Bass' });
  take.remove(unheard);
  const late = new TestSender({ ssrc: 9, firstTimestamp: 1000 });
  for (let packet = 300; packet < 600; packet++) {
    added.line.receive(late.packet(packet), '192.0.2.1', clock.nowMs());
    await play(packet, packet + 1);
  }
  const account = (await take.finish())!;
  expect(account.tracks.map(({ name, gaps }) => [name, gaps])).toEqual([
    ['Kick', []],
    ['kick 2', [[0, 300 * 48, 'absent']]],
  ]);
  const [kick, other] = ['/Kick.wav', '/kick 2.wav'].map((name) => wavOf(fs, name));
  expect(other!.audio.equals(testSignal(0, 600 * 48, [{ start: 0, end: 300 * 48 }]))).toBe(true);
  expect(other!.head.bext?.timeReference).toBe(kick!.head.bext?.timeReference);
});

it('makes a folder of its own beside one of the same second, and nothing when nothing came', async () => {
  const { fs, play, take } = takeRig(['Kick']);
  fs.folders.add('takes/2026-11-21T09-30-00Z');
  await play(0, 500);
  await take.finish();
  expect(take.path).toBe('takes/2026-11-21T09-30-00Z-2');
  const other = takeRig(['Kick']);
  other.clock.advance(1000);
  other.take.tick();
  expect(await other.take.finish()).toBeUndefined();
  expect(other.fs.files.size).toBe(0);
});
