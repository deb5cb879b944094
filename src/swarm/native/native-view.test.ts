import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { SWARM_CHUNK_BYTES } from '../../protocols/swarm/hash-tree.ts';
import { SwarmCounters } from '../coordinator/swarm-counters.ts';
import { ConductedStream } from '../live/conducted-stream.ts';
import { LiveStream } from '../live/live-stream.ts';
import { SERVER } from '../schedule/swarm.ts';
import { SwarmViewer } from '../view/swarm-viewer.ts';
import { ConductedFile } from './conducted-file.ts';
import { NativeMember } from './native-member.ts';
import { nativeSight } from './native-view.ts';

const CHUNKS = 4;

function member(id: number, { listenPort = 8100, gives = true, isReachable = true } = {}): NativeMember {
  const one = new NativeMember({
    voice: { tell: () => {}, close: () => {} },
    id,
    secret: Buffer.alloc(32, id),
    where: { address: `203.0.113.${id}`, reachedAt: '192.0.2.1', listenPort, isInside: false },
    caps: { gives, metered: false, upBytesPerSecond: 100_000 },
    trustId: `trust-${id}`,
    prefix: id,
    widePrefix: 1,
  });
  one.isReachable = isReachable;
  return one;
}

function conductor(members: NativeMember[], files: ConductedFile[], streams: ConductedStream[] = []) {
  return { counters: new SwarmCounters(), members, files, serverUpBytesPerSecond: 500_000, live: { streams } };
}

function viewOf(seen: ReturnType<typeof conductor>) {
  const sources = () => [{ look: () => nativeSight(seen) }];
  return new SwarmViewer({ clock: new FakeClock(), name: () => 'radio.example', sources }).view(false);
}

function conductedFile(): ConductedFile {
  const size = CHUNKS * SWARM_CHUNK_BYTES;
  const file = { path: '/a', version: '1', isStreaming: false, size, firstChunk: 0, chunkSize: SWARM_CHUNK_BYTES };
  return new ConductedFile(1, { file, manifest: Buffer.alloc(0), hashes: Buffer.alloc(0) }, 500_000);
}

describe('a view of the native conductor', () => {
  it('tells who has what, what is on its way, and what was carried by whom', () => {
    const file = conductedFile();
    const [one, two] = [member(1), member(2, { listenPort: 0, isReachable: false })];
    for (const each of [one, two]) {
      each.files.add(file.id);
      file.join(each, false, 0);
    }
    const random = seededRandom(1);
    const planned = file.plan(0, random);
    expect(planned.length).toBeGreaterThan(0);
    const seen = conductor([one, two], [file]);
    expect(viewOf(seen)).toMatchObject({
      dialects: ['pdtps'],
      counts: { peers: 2, new: 2, reachable: 1, firewalled: 1, transfers: planned.length },
      peers: { 1: { progress: 0, reach: 'reachable' }, 2: { progress: 0, reach: 'firewalled' } },
      files: { 1: { path: '/a', chunks: CHUNKS, givers: 1, takers: 2, progress: 0 } },
    });
    expect(Object.keys(viewOf(seen).flows)).toEqual(expect.arrayContaining([expect.stringMatching(/^s>[12]$/)]));

    let nowMs = 0;
    for (let round = 0; round < 50; round++) {
      nowMs += 1000;
      for (const { giver, taker, chunk } of [...planned.splice(0), ...file.plan(nowMs, random)]) {
        file.receipt(taker, giver, { file: 1, giver: giver?.id ?? SERVER, chunk, outcome: 'ok' }, nowMs);
      }
      if (file.isWaitedFor) file.couldCarry(1000, 500_000);
    }
    const after = viewOf(seen);
    expect(after.files['1']).toMatchObject({ takers: 0, givers: 3, shareBound: 0.5 });
    expect(after.files['1']!.share).toBe(1 - file.tally.bytesFromServer / (2 * CHUNKS * SWARM_CHUNK_BYTES));
    expect(after.score.timeScore).toBeGreaterThan(0);
    expect(after.peers['1']!.progress).toBe(1);
    expect(after.flows).toEqual({});
  });

  it('tells of a giver that takers convicted', () => {
    const file = conductedFile();
    const members = [member(1), member(2), member(3)];
    for (const each of members) {
      each.files.add(file.id);
      file.join(each, false, 0);
    }
    const complain = (taker: number) => file.judge.complained(file.rowOf(members[0]!)!, file.rowOf(members[taker]!)!);
    complain(1);
    expect(viewOf(conductor(members, [file])).counts).toMatchObject({ suspected: 1, new: 2 });
    complain(2);
    expect(viewOf(conductor(members, [file])).counts).toMatchObject({ convicted: 1, suspected: 0 });
  });

  it('tells of a live stream: who pushes to whom, and uplinks in its rates', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const live = new LiveStream({ path: '/radio', privateKey, startMs: 0 });
    const part = { data: Buffer.alloc(8000), durationMs: 500, frameOffsets: [] };
    for (let at = 0; at < 8; at++) live.append(part, at * 500);
    const stream = new ConductedStream(7, live, 500_000, seededRandom(2));
    stream.born(live.end, 4000);
    const members = [member(1), member(2), member(3)];
    for (const each of members) {
      each.files.add(stream.id);
      stream.join(each, 4000);
    }
    stream.plan(4000, seededRandom(2));
    const view = viewOf(conductor(members, [], [stream]));
    expect(view.files['1']).toMatchObject({ path: '/radio', live: true, takers: 3, chunks: live.end });
    expect(view.files['1']!.progress).toBeUndefined();
    expect(view.peers['1']).not.toHaveProperty('progress');
    expect(Object.keys(view.flows)).toEqual(expect.arrayContaining([expect.stringMatching(/^s>/)]));
    expect(stream.uplinkOf(members[0]!)).toBeCloseTo(100_000 / ((live.chunkBytes + 96) * 4), 1);
  });
});
