import { describe, expect, it } from 'vitest';
import { ConductorRig, RIG_PRIVATE_KEY, RIG_PUBLIC_KEY, type RigPeer } from '../../../test/support/conductor-rig.ts';
import type { PeerMessage } from '../../protocols/swarm/peer-messages.ts';
import { openStreamHead } from '../../protocols/swarm/stream-manifest.ts';
import type { ConductedStream } from './conducted-stream.ts';
import { CHUNK_MS, LiveStream, PLAY_DELAY_MS, SUBSTREAMS } from './live-stream.ts';

const SERVER = 0;
const CHUNK_BYTES = 4000;

/** A station whose server may send four times the stream. */
class Station {
  readonly rig = new ConductorRig({ upBytesPerSecond: 64_000 });
  readonly listeners: RigPeer[] = [];
  /** What a giver's chunks are at its takers: by the giver's number; `ok` otherwise. */
  readonly outcomes = new Map<number, 'ok' | 'bad' | 'silent'>();
  readonly #held = new Map<number, Set<number>>();
  conducted!: ConductedStream;

  /** Live for so many ms: chunks are born, givers push by their leases, takers confirm. */
  async air(ms: number): Promise<void> {
    const { live } = this.rig.conductor;
    for (let passed = 0; passed < ms; passed += CHUNK_MS) {
      const part = { data: Buffer.alloc(CHUNK_BYTES), durationMs: CHUNK_MS, frameOffsets: [] };
      const nowMs = this.rig.clock.nowMs();
      if (!this.conducted) {
        const stream = new LiveStream({ path: '/radio', privateKey: RIG_PRIVATE_KEY, startMs: nowMs });
        stream.append(part, nowMs);
        this.conducted = live.publish(stream);
      } else live.append(this.conducted, part);
      this.#push(SERVER, this.conducted.stream.end - 1);
      await this.rig.turn(CHUNK_MS);
    }
  }

  expectStream(): void {
    this.rig.conductor.live.expect('/radio');
  }

  async listen(caps: Partial<PeerMessage & { type: 'hello' }> = {}): Promise<RigPeer> {
    const peer = await this.rig.join(`20.1.${this.listeners.length + 1}.7`, { upBytesPerSecond: 32_000, ...caps });
    this.listeners.push(peer);
    peer.want('/radio');
    await this.rig.turn();
    return peer;
  }

  leave(peer: RigPeer): void {
    this.listeners.splice(this.listeners.indexOf(peer), 1);
    this.rig.conductor.leave(peer.member);
  }

  /** To whom a giver pushes a sub-stream now. */
  takersOf(giver: RigPeer | undefined, substream: number): readonly number[] {
    const leases = giver ? giver.of('lease') : this.rig.pushes;
    return leases.findLast((lease) => lease.substream === substream)?.takers.map(({ peer }) => peer) ?? [];
  }

  has(peer: RigPeer, chunk: number): boolean {
    return this.#held.get(peer.member.id)?.has(chunk) === true;
  }

  /** Takers fetch what they are ordered to, unless the giver is silent. */
  fetchOrders(): void {
    for (const listener of this.listeners) {
      for (const { giver, chunk } of listener.takeOrders()) {
        if (this.outcomes.get(giver) === 'silent' || this.has(listener, chunk)) continue;
        this.#hold(listener, chunk);
        listener.receipts([{ file: this.conducted.id, giver, chunk }], 'ok');
        this.#push(listener.member.id, chunk);
      }
    }
  }

  #push(giver: number, chunk: number): void {
    const from = this.listeners.find(({ member }) => member.id === giver);
    const outcome = this.outcomes.get(giver) ?? 'ok';
    if (outcome === 'silent' || (!from && giver !== SERVER)) return;
    for (const id of this.takersOf(from, chunk % SUBSTREAMS)) {
      const taker = this.listeners.find(({ member }) => member.id === id);
      if (!taker || this.has(taker, chunk)) continue;
      if (outcome === 'ok') this.#hold(taker, chunk);
      taker.receipts([{ file: this.conducted.id, giver, chunk }], outcome);
      if (outcome === 'ok') this.#push(id, chunk);
    }
  }

  #hold(peer: RigPeer, chunk: number): void {
    const held = this.#held.get(peer.member.id) ?? new Set();
    this.#held.set(peer.member.id, held.add(chunk));
  }
}

describe('a conductor of a live stream', () => {
  it('lets a listener wait for the first audio, and tells it when none comes', async () => {
    const station = new Station();
    station.expectStream();
    const [one, other] = [await station.listen(), await station.listen()];
    expect(one.of('file')).toEqual([]);
    station.leave(other);
    await station.air(CHUNK_MS);
    expect([one.of('stream').length, other.of('stream').length]).toEqual([1, 0]);
    station.rig.conductor.live.expect('/never');
    one.want('/never');
    station.rig.conductor.live.forget('/never');
    expect(one.of('file')).toMatchObject([{ status: 'unknown' }]);
  });

  it('lets a listener join where it plays in 1.5 s, and gives it all sub-streams', async () => {
    const station = new Station();
    await station.air(10_000);
    const listener = await station.listen();
    const [told] = listener.of('stream');
    expect(openStreamHead(told!.head, RIG_PUBLIC_KEY)).toMatchObject({ path: '/radio', substreams: SUBSTREAMS });
    const newest = station.conducted.stream.end - 1;
    const behindMs = (newest - told!.firstChunk) * CHUNK_MS;
    expect(Math.abs(PLAY_DELAY_MS - 1500 - behindMs)).toBeLessThanOrEqual(2 * CHUNK_MS);
    await station.air(2000);
    for (let substream = 0; substream < SUBSTREAMS; substream++) {
      expect(station.takersOf(undefined, substream)).toContain(listener.member.id);
      const lease = station.rig.pushes.find((one) => one.substream === substream && one.takers.length > 0)!;
      expect(lease.takers[0]!.from).toBeGreaterThanOrEqual(told!.firstChunk);
    }
  });

  it('lets listeners push to each other: all have all, the server sends two streams', async () => {
    const station = new Station();
    await station.air(2000);
    for (let at = 0; at < 12; at++) {
      await station.listen();
      await station.air(500);
    }
    await station.air(8000);
    const from = station.conducted.stream.end;
    await station.air(5000);
    for (const listener of station.listeners) {
      for (let chunk = from; chunk < station.conducted.stream.end; chunk++)
        expect(station.has(listener, chunk)).toBe(true);
    }
    for (let substream = 0; substream < SUBSTREAMS; substream++) {
      expect(station.takersOf(undefined, substream).length).toBeLessThanOrEqual(2);
    }
    const { tally } = station.conducted;
    expect(tally.bytesFromPeers / tally.bytes).toBeGreaterThan(0.7);
  });

  it('leases nothing to who gives nothing, and no more to others than their users allow', async () => {
    const station = new Station();
    await station.air(2000);
    const silent = await station.listen({ gives: false });
    const metered = await station.listen({ metered: true });
    // half a stream: two sub-streams at most
    const slow = await station.listen({ upBytesPerSecond: 10_500 });
    for (let at = 0; at < 6; at++) await station.listen();
    await station.air(30_000);
    const pushed = (peer: RigPeer) => [0, 1, 2, 3].reduce((sum, k) => sum + station.takersOf(peer, k).length, 0);
    expect([pushed(silent), pushed(metered)]).toEqual([0, 0]);
    expect(pushed(slow)).toBeLessThanOrEqual(2);
  });

  it('orders a chunk that did not come while it can still be in time, at last of the server', async () => {
    const station = new Station();
    await station.air(2000);
    const [listener] = [await station.listen()];
    await station.air(6000);
    station.outcomes.set(SERVER, 'silent');
    listener!.takeOrders();
    const lost = station.conducted.stream.end;
    const bornMs = station.rig.clock.nowMs();
    await station.air(CHUNK_MS);
    station.outcomes.delete(SERVER);
    let orderedMs = Number.POSITIVE_INFINITY;
    while (station.rig.clock.nowMs() < bornMs + PLAY_DELAY_MS && orderedMs === Number.POSITIVE_INFINITY) {
      const orders = listener!.takeOrders();
      if (orders.some(({ chunk, giver }) => chunk === lost && giver === SERVER)) orderedMs = station.rig.clock.nowMs();
      await station.air(CHUNK_MS);
    }
    expect(orderedMs - bornMs).toBeLessThan(PLAY_DELAY_MS - 300);
  });

  it('finds another giver when one leaves', async () => {
    const station = new Station();
    await station.air(2000);
    for (let at = 0; at < 8; at++) await station.listen();
    await station.air(20_000);
    const giver = station.listeners.find((peer) => station.takersOf(peer, 1).length > 0)!;
    const taker = station.takersOf(giver, 1)[0]!;
    station.leave(giver);
    await station.air(500);
    const leased = [undefined, ...station.listeners].some((peer) => station.takersOf(peer, 1).includes(taker));
    expect(leased).toBe(true);
  });

  it('takes the lease from a giver that brings nothing', async () => {
    const station = new Station();
    await station.air(2000);
    for (let at = 0; at < 8; at++) await station.listen();
    await station.air(20_000);
    const giver = station.listeners.find((peer) => station.takersOf(peer, 2).length > 0)!;
    const takers = station.takersOf(giver, 2);
    station.outcomes.set(giver.member.id, 'silent');
    await station.air(12_000);
    expect(station.takersOf(giver, 2).filter((id) => takers.includes(id))).toEqual([]);
  });

  it('mends in time what a giver that has fallen silent does not bring, for all who hang on it', async () => {
    const station = new Station();
    await station.air(2000);
    for (let at = 0; at < 16; at++) await station.listen();
    for (let passed = 0; passed < 20_000; passed += CHUNK_MS) {
      await station.air(CHUNK_MS);
      station.fetchOrders();
    }
    const ofServer = station.takersOf(undefined, 1);
    const giver = station.listeners.find(({ member }) => ofServer.includes(member.id))!;
    expect(station.takersOf(giver, 1).length).toBeGreaterThan(0);
    station.outcomes.set(giver.member.id, 'silent');
    const from = station.conducted.stream.end;
    const fromMs = station.rig.clock.nowMs();
    for (let passed = 0; passed < 6000; passed += CHUNK_MS) {
      await station.air(CHUNK_MS);
      station.fetchOrders();
      const due = Math.floor((station.rig.clock.nowMs() - fromMs - PLAY_DELAY_MS) / CHUNK_MS);
      for (let chunk = from; chunk < from + due; chunk++) {
        for (const listener of station.listeners) expect([chunk, station.has(listener, chunk)]).toEqual([chunk, true]);
      }
    }
    expect(station.conducted.stream.end - from).toBe(24);
  });

  it('takes all leases from a giver of whom several had wrong bytes, whose chunks are soon made up for', async () => {
    const station = new Station();
    await station.air(2000);
    const poisoner = await station.listen();
    station.outcomes.set(poisoner.member.id, 'bad');
    for (let at = 0; at < 10; at++) {
      await station.listen();
      await station.air(1000);
    }
    await station.air(20_000);
    const { ledger } = station.conducted.judge;
    expect(ledger.standing(poisoner.member.trustId)).toBe('convicted');
    for (let substream = 0; substream < SUBSTREAMS; substream++) {
      expect(station.takersOf(poisoner, substream)).toEqual([]);
    }
    for (const { member } of station.listeners.slice(1)) expect(ledger.standing(member.trustId)).not.toBe('convicted');
    expect(station.rig.conductor.counters.wrong).toBeLessThanOrEqual(8);
  });

  it('hears no complaint about somebody whom the taker was never introduced to, and no receipt twice', async () => {
    const station = new Station();
    await station.air(2000);
    const victim = await station.listen();
    const liars = [await station.listen({ gives: false }), await station.listen({ gives: false })];
    await station.air(4000);
    const chunk = station.conducted.stream.end - 2;
    const file = station.conducted.id;
    for (const liar of liars) {
      liar.member.met.delete(victim.member.id);
      liar.receipts([{ file, giver: victim.member.id, chunk }], 'bad');
    }
    expect(station.conducted.judge.ledger.standing(victim.member.trustId)).not.toMatch(/suspect|convicted/);
    const before = station.conducted.tally.bytes;
    for (let times = 0; times < 5; times++) liars[0]!.receipts([{ file, giver: SERVER, chunk: chunk - 1 }], 'ok');
    expect(station.conducted.tally.bytes - before).toBeLessThanOrEqual(CHUNK_BYTES);
  });

  it('tells its listeners when it ends', async () => {
    const station = new Station();
    await station.air(2000);
    const listener = await station.listen();
    station.rig.conductor.live.withdraw(station.conducted);
    expect(listener.of('changed')).toHaveLength(1);
    listener.want('/radio');
    await station.rig.turn();
    expect(listener.of('file').at(-1)?.status).toBe('unknown');
  });
});
