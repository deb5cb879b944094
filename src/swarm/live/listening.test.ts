import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { LinkMessage } from '../../protocols/swarm/link-messages.ts';
import { rawPublicKey } from '../../protocols/swarm/manifest.ts';
import type { Receipt } from '../../protocols/swarm/peer-messages.ts';
import { openStreamHead } from '../../protocols/swarm/stream-manifest.ts';
import type { Giving, PushedChunk } from '../native/giving.ts';
import type { PeerLines } from '../native/peer-lines.ts';
import { Listening } from './listening.ts';
import { LiveStream } from './live-stream.ts';
import { StreamWindow } from './stream-window.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = rawPublicKey(createPublicKey(privateKey))!;
const FILE = 3;
const GIVER = 7;

/** A listener whose lines are lists; `isOpen` says to whom they are open. */
function rig() {
  const clock = new FakeClock();
  const stream = new LiveStream({ path: '/radio', privateKey, startMs: 0 });
  for (let at = 0; at < 4; at++) {
    stream.append({ data: Buffer.alloc(40_000, at + 1), durationMs: 500, frameOffsets: [] }, at * 500);
  }
  const window = new StreamWindow(openStreamHead(stream.signedHead, key), stream.signedHead, key);
  const open = new Set([GIVER]);
  const said: { peer: number; message: LinkMessage }[] = [];
  const pushed: PushedChunk[] = [];
  const receipts: Receipt[] = [];
  const heard: number[] = [];
  let forks = 0;
  const lines = {
    isOpen: (peer: number) => open.has(peer),
    send: (peer: number, message: LinkMessage) => said.push({ peer, message }) > 0,
  } as unknown as PeerLines;
  const listening = new Listening({
    clock,
    file: FILE,
    window,
    lines,
    giving: { push: (chunk: PushedChunk) => pushed.push(chunk) } as unknown as Giving,
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
    reach: () => {},
    tell: (receipt) => receipts.push(receipt),
    onChunk: (chunk) => heard.push(chunk),
    onForked: () => forks++,
  });
  const proof = (chunk: number) =>
    listening.proof(GIVER, { type: 'proof', file: FILE, link: stream.chunk(chunk)!.link });
  const piece = (chunk: number, offset: number, bytes: Buffer) =>
    listening.data(GIVER, { type: 'data', file: FILE, chunk, offset, bytes });
  const bytesOf = (chunk: number) => stream.chunk(chunk)!.bytes;
  const whole = (chunk: number, bytes = bytesOf(chunk)) =>
    piece(chunk, 0, bytes.subarray(0, 16_384)) && piece(chunk, 16_384, bytes.subarray(16_384));
  const report = async () => {
    await clock.run(600);
    listening.tick();
    return receipts.splice(0).map(({ giver, chunk, outcome }) => [giver, chunk, outcome]);
  };
  const forked = () => forks;
  return { clock, stream, listening, open, said, pushed, heard, proof, piece, whole, bytesOf, report, forked };
}

describe('a listener', () => {
  it('plays and passes on a chunk only when it is whole and proved, and reports it with others', async () => {
    const { listening, proof, piece, bytesOf, heard, pushed, report, open } = rig();
    open.add(9);
    listening.lease({ type: 'lease', file: FILE, substream: 1, expires: 60, takers: [{ peer: 9, from: 0 }] });
    expect(proof(1)).toBe(true);
    expect(piece(1, 0, bytesOf(1).subarray(0, 16_384))).toBe(true);
    expect([heard, pushed]).toEqual([[], []]);
    expect(piece(1, 16_384, bytesOf(1).subarray(16_384))).toBe(true);
    expect(heard).toEqual([1]);
    expect(pushed).toMatchObject([{ peer: 9, file: FILE, chunk: 1, bytes: bytesOf(1) }]);
    expect(await report()).toEqual([[GIVER, 1, 'ok']]);
  });

  it('complains about wrong bytes and passes none of them on', async () => {
    const { listening, proof, whole, bytesOf, heard, pushed, report, open } = rig();
    open.add(9);
    listening.lease({ type: 'lease', file: FILE, substream: 2, expires: 60, takers: [{ peer: 9, from: 0 }] });
    proof(2);
    const wrong = Buffer.from(bytesOf(2));
    wrong[19_999] = wrong[19_999]! ^ 1;
    whole(2, wrong);
    expect([heard, pushed]).toEqual([[], []]);
    expect(await report()).toEqual([[GIVER, 2, 'bad']]);
  });

  it('breaks with a giver that sends data without a proof, out of order, or a forged proof', async () => {
    const { listening, proof, piece, bytesOf, stream, report } = rig();
    expect(piece(1, 0, bytesOf(1).subarray(0, 100))).toBe(false);
    proof(1);
    expect(piece(1, 100, bytesOf(1).subarray(100, 200))).toBe(false);
    expect(piece(1, 0, Buffer.alloc(20_001))).toBe(false);
    const forged = Buffer.from(stream.chunk(2)!.link);
    forged[40] = forged[40]! ^ 1;
    expect(listening.proof(GIVER, { type: 'proof', file: FILE, link: forged })).toBe(false);
    expect((await report()).every(([, , outcome]) => outcome === 'bad')).toBe(true);
  });

  it('holds a bounded number of chunks that come in pieces', () => {
    const { listening, proof, bytesOf } = rig();
    proof(0);
    const first = bytesOf(0).subarray(0, 100);
    const taken = Array.from({ length: 300 }, (_, giver) =>
      listening.data(giver, { type: 'data', file: FILE, chunk: 0, offset: 0, bytes: first }),
    );
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(256);
  });

  it('asks for what is ordered, at once or when the line is open, and tells when it does not come', async () => {
    const { listening, open, said, report, clock, proof, whole } = rig();
    const order = { file: FILE, giver: GIVER, chunk: 3, expires: 60, token: Buffer.alloc(16) };
    listening.order(order);
    listening.order({ ...order, giver: 8 });
    expect(said.map(({ peer }) => peer)).toEqual([GIVER]);
    open.add(8);
    listening.opened(8);
    expect(said.map(({ peer }) => peer)).toEqual([GIVER, 8]);
    listening.refused(8, 3);
    await clock.run(2600);
    expect(await report()).toEqual([
      [8, 3, 'refused'],
      [GIVER, 3, 'lost'],
    ]);
    proof(3);
    whole(3);
    await report();
    listening.order(order);
    expect(await report()).toEqual([[GIVER, 3, 'held']]);
  });

  it('pushes what a taker lacks once the line is open, with each proof once, and nothing after the lease', async () => {
    const { listening, open, pushed, proof, whole, clock } = rig();
    for (const chunk of [0, 1, 4, 5]) {
      proof(chunk);
      whole(chunk);
    }
    listening.lease({ type: 'lease', file: FILE, substream: 0, expires: 15, takers: [{ peer: 9, from: 0 }] });
    expect(pushed).toEqual([]);
    open.add(9);
    listening.opened(9);
    expect(pushed.map(({ chunk }) => chunk)).toEqual([0, 4]);
    expect(listening.pushing.proofFor(9, 0)).toBeDefined();
    expect(listening.pushing.proofFor(9, 1)).toBeUndefined();
    expect(listening.pushing.proofFor(9, 4)).toBeDefined();
    await clock.run(16_000);
    listening.pushing.came(0);
    expect(pushed).toHaveLength(2);
  });

  it('tells of a line that is gone, so that another one is found', async () => {
    const { listening, report } = rig();
    listening.lost(GIVER, true);
    expect(await report()).toEqual([[GIVER, 0, 'lost']]);
  });
});
