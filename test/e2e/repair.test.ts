import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { RangeSet } from '../../src/protocols/link/range-set.ts';
import { takeSchema } from '../../src/tracks/proof/take-schema.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { plainFmt, wavChunk, wavFile } from '../support/wav.ts';
import { start, until } from './support/child.ts';
import { udpPorts } from './support/ports.ts';

const BIN = fileURLToPath(new URL('../../bin/distream.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'distream-e2e-repair-'));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RATE = 48_000;
const SECONDS = 4;
const PACKET_FRAMES = 48;
/** Packets of two outages, by their number: half a second after the start and two seconds after it, one second each. */
const OUTAGES = [
  [500, 1500],
  [2000, 3000],
] as const;

interface Stem {
  readonly name: string;
  readonly channels: number;
  readonly pcm: Buffer;
}

function makeStem(name: string, channels: number, place = 'stems'): Stem {
  const random = seededRandom(channels);
  const pcm = Buffer.alloc(RATE * SECONDS * channels * 3);
  for (let at = 0; at < pcm.length; at++) pcm[at] = Math.floor(random() * 256);
  const format = { rate: RATE, channels, bits: 24 };
  writeFileSync(
    join(folder, place, `${name}.wav`),
    wavFile([wavChunk('fmt ', plainFmt(format)), wavChunk('data', pcm)]),
  );
  return { name, channels, pcm };
}

/** Passes RTP and RTCP on, but for what `isLost` says, and remembers the timestamps that did not come through. */
async function relay(from: number, to: number, isLost: (packet: number) => boolean) {
  const lost: number[] = [];
  for (const [offset, isRtp] of [
    [0, true],
    [1, false],
  ] as const) {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    closers.push(() => socket.close());
    let first: number | undefined;
    socket.on('message', (datagram) => {
      if (isRtp) {
        first ??= datagram.readUInt32BE(4);
        const frame = (datagram.readUInt32BE(4) - first) >>> 0;
        if (isLost(frame / PACKET_FRAMES)) {
          lost.push(frame);
          return;
        }
      }
      socket.send(datagram, to + offset, '127.0.0.1');
    });
    await new Promise<void>((resolve) => socket.bind(from + offset, '127.0.0.1', resolve));
  }
  return { lost };
}

/** What was lost as ranges of sample frames; a recorder that was slow to start has missed the first ones as well. */
function rangesOf(lost: readonly number[], missedFirst: number): [number, number][] {
  const ranges = new RangeSet();
  ranges.add(0, missedFirst);
  for (const frame of lost) ranges.add(frame, frame + PACKET_FRAMES);
  return [...ranges].map(({ start: from, end }) => [from, end - from]);
}

const run = (...args: string[]) => start(process.execPath, [BIN, ...args]);

function readTake(takes: string) {
  const path = join(takes, readdirSync(takes)[0]!);
  return { path, take: takeSchema.parse(JSON.parse(readFileSync(join(path, 'take.json'), 'utf8'))) };
}

describe('repair after the take', () => {
  it('makes a recording over a lossy line bit-identical, whose gaps were known to the sample', async () => {
    const stems = join(folder, 'stems');
    mkdirSync(stems);
    const tracks = [makeStem('drums', 1), makeStem('piano', 2)];
    const sent = udpPorts();
    const received = sent + 1000 > 64_000 ? sent - 1000 : sent + 1000;
    const packets = (RATE * SECONDS) / PACKET_FRAMES;
    const relays = await Promise.all(
      tracks.map((_, flow) => {
        const random = seededRandom(flow + 10);
        const isLost = (packet: number) =>
          // The first and the last ones too, of which nobody knows.
          packet < 3 ||
          packet >= packets - 2 ||
          OUTAGES.some(([from, to]) => packet >= from && packet < to) ||
          (random() < 0.1 && packet > 10);
        return relay(sent + 2 * flow, received + 2 * flow, isLost);
      }),
    );
    const sdp = join(folder, 'sdp');
    const takes = join(folder, 'takes');
    const sending = [
      '--to',
      '127.0.0.1',
      '--port',
      String(sent),
      '--no-sap',
      '--sdp',
      sdp,
      '--account',
      join(folder, 'send.json'),
    ];
    const startAt = new Date(Date.now() + 8000).toISOString().slice(0, 23);
    const sender = run('send', stems, ...sending, '--start', startAt);
    await until('the description', () => readFileSync(join(sdp, 'session.sdp'), 'utf8').includes('m=audio'));
    const description = tracks.reduce(
      (text, _, flow) => text.replace(`m=audio ${sent + 2 * flow} `, `m=audio ${received + 2 * flow} `),
      readFileSync(join(sdp, 'session.sdp'), 'utf8'),
    );
    expect(description).toContain('a=x-distream-repair:');
    writeFileSync(join(folder, 'received.sdp'), description);
    const recorder = run('record', join(folder, 'received.sdp'), '--dir', takes, '--no-resend');
    const recorded = await recorder.exited;
    expect(recorded, recorder.errors()).toBe(0);
    expect(await sender.exited, sender.errors()).toBe(0);

    const { path, take } = readTake(takes);
    expect(take.verdict).toEqual({ isIdentical: true, words: expect.stringContaining('All 2 tracks are identical') });
    for (const [index, { name, pcm }] of tracks.entries()) {
      const track = take.tracks.find((each) => each.name.startsWith(name))!;
      expect(track.gaps).toEqual([]);
      const gaps = track.gapsBeforeRepair!.map(([from, frames]) => [from, frames]);
      expect(gaps[0]![0]).toBe(0);
      expect(gaps).toEqual(rangesOf(relays[index]!.lost, gaps[0]![1]!));
      expect(gaps.length).toBeGreaterThan(20);
      expect(track.recorded?.sha256).toBe(track.sent?.sha256);
      const file = readFileSync(join(path, track.file!));
      expect(file.includes(pcm)).toBe(true);
    }
    expect(readFileSync(join(path, 'take.html'), 'utf8')).toContain('identical');
  });

  it('is done later, from another address, of a take that was left with its gaps', async () => {
    const stems = join(folder, 'later');
    mkdirSync(stems);
    const { pcm } = makeStem('choir', 1, 'later');
    const sent = udpPorts();
    const received = sent + 1000 > 64_000 ? sent - 1000 : sent + 1000;
    const random = seededRandom(77);
    const { lost } = await relay(sent, received, (packet) => packet > 10 && random() < 0.1);
    const sdp = join(folder, 'sdp-later');
    const to = ['--to', '127.0.0.1', '--port', String(sent), '--no-sap', '--no-account', '--sdp', sdp, '--loop'];
    const sender = run('send', stems, ...to);
    const description = await until('the description', () => {
      const text = readFileSync(join(sdp, 'session.sdp'), 'utf8');
      return text.endsWith('\r\n') ? text : undefined;
    });
    writeFileSync(join(folder, 'later.sdp'), description.replace(`m=audio ${sent} `, `m=audio ${received} `));
    const takes = join(folder, 'takes-later');
    const recorder = run(
      'record',
      join(folder, 'later.sdp'),
      '--dir',
      takes,
      '--no-resend',
      '--no-repair',
      '--for',
      '3s',
    );
    expect(await recorder.exited, recorder.errors()).toBe(1);
    const left = readTake(takes);
    expect(left.take.tracks[0]!.gaps.length).toBeGreaterThan(20);
    expect(lost.length).toBeGreaterThan(20);

    const [, port] = /a=x-distream-repair:(\d+) /.exec(description)!;
    const repair = run('repair', left.path, '--from', `127.0.0.2:${port}`);
    expect(await repair.exited, repair.errors()).toBe(0);
    await sender.stop('SIGINT');
    const [track] = readTake(takes).take.tracks;
    expect(track).toMatchObject({ gaps: [], verdict: { kind: 'excerpt' } });
    const file = readFileSync(join(left.path, track!.file!));
    const recorded = file.subarray(file.indexOf('data', 12, 'latin1') + 8).subarray(0, RATE * 3 * 3);
    const looped = Buffer.concat([pcm, pcm]);
    expect(looped.indexOf(recorded)).toBeGreaterThanOrEqual(0);
  });
});
