import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { Logger } from '../../core/logger.ts';
import { Admission } from './admission.ts';
import { Backoff } from './backoff.ts';
import { HalfOpen } from './half-open.ts';
import { limitPrefixes } from './limit-prefixes.ts';
import { NameCache } from './name-cache.ts';
import { Refusals } from './refusals.ts';
import { TokenBuckets } from './token-buckets.ts';
import { WakeTimer } from './wake-timer.ts';

function recorder() {
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  return { lines, log };
}

describe('limits of strangers', () => {
  it('are shared by a /24, a /64 and a /48', () => {
    expect(limitPrefixes('192.0.2.77')).toEqual(['192.0.2.0/24']);
    expect(limitPrefixes('::ffff:192.0.2.77')).toEqual(['192.0.2.0/24']);
    expect(limitPrefixes('2001:db8:1:2::3')).toEqual(['20010db800010002/64', '20010db80001/48']);
    expect(limitPrefixes('fe80::1%eth0')).toEqual(['fe80000000000000/64', 'fe8000000000/48']);
    expect(limitPrefixes('nobody')).toEqual([]);
  });

  it('hold for each network of a site, for the site and for all', () => {
    const rate = (burst: number) => ({ perSecond: 1, burst });
    const limits = { handshakes: rate(6), handshakesPerNetwork: rate(2), handshakesPerSite: rate(3) };
    const admission = new Admission(limits);
    const tries = (address: string) => [1, 2, 3, 4].map(() => admission.mayShakeHands(address, 0));
    expect(tries('2001:db8:1:1::1')).toEqual([true, true, false, false]);
    expect(tries('2001:db8:1:2::1')).toEqual([true, false, false, false]);
    expect(tries('192.0.2.1')).toEqual([true, true, false, false]);
    expect(tries('198.51.100.1')).toEqual([true, false, false, false]);
    expect(admission.mayShakeHands('192.0.2.1', 1000)).toBe(true);
  });

  it('fill up again with time, and forget who was not there for longest', () => {
    const buckets = new TokenBuckets({ perSecond: 10, burst: 2 }, 3);
    expect([1, 2, 3].map(() => buckets.take('a', 0))).toEqual([true, true, false]);
    expect(buckets.take('a', 99)).toBe(false);
    expect(buckets.take('a', 100)).toBe(true);
    for (let index = 0; index < 1000; index++) buckets.take(`${index}`, 100);
    expect(buckets.size).toBe(3);
  });
});

describe('refusals', () => {
  it('are counted each, and told once for a reason and a network in ten minutes', () => {
    const clock = new FakeClock();
    const { lines, log } = recorder();
    const refusals = new Refusals(clock, log);
    for (let index = 0; index < 100; index++) refusals.turnAway('garbage', `192.0.2.${index}`, 'no');
    refusals.turnAway('wrong_key', '192.0.2.1', 'no');
    expect(refusals.totals).toEqual({ garbage: 100, wrong_key: 1 });
    expect(lines).toHaveLength(2);
    clock.advance(600_000);
    refusals.turnAway('garbage', '192.0.2.9', 'no');
    expect(lines).toHaveLength(3);
  });

  it('are told for 20 networks at once and six in a minute after, however many there are', () => {
    const clock = new FakeClock();
    const { lines, log } = recorder();
    const refusals = new Refusals(clock, log);
    for (let index = 0; index < 50_000; index++) {
      refusals.turnAway('garbage', `${index >> 16}.${(index >> 8) & 255}.${index & 255}.1`, 'no');
    }
    expect(lines).toHaveLength(20);
    for (let index = 0; index < 6000; index++) {
      clock.advance(10);
      refusals.turnAway('garbage', `99.${(index >> 8) & 255}.${index & 255}.1`, 'no');
    }
    expect(lines).toHaveLength(26);
    expect(refusals.totals).toEqual({ garbage: 56_000 });
  });
});

describe('connections that are half open', () => {
  it('are dropped after ten seconds, and the oldest when there are too many', () => {
    const clock = new FakeClock();
    const refusals = new Refusals(clock, recorder().log);
    const held = new HalfOpen(clock, refusals);
    const dropped: number[] = [];
    const add = (index: number) => held.add(`${index}`, { drop: () => dropped.push(index) });
    for (let index = 0; index < 1026; index++) add(index);
    expect(dropped).toEqual([0, 1]);
    clock.advance(5000);
    held.remove('5');
    add(2000);
    clock.advance(4999);
    expect(held.size).toBe(1024);
    clock.advance(1);
    expect(held.size).toBe(1);
    clock.advance(5000);
    expect(dropped).toHaveLength(1026);
    expect(refusals.totals).toEqual({ half_open_dropped: 2, half_open_expired: 1024 });
    expect(clock.pendingCount).toBe(0);
  });
});

describe('waiting', () => {
  it('grows from 200 ms to one second in the first minute and two after it', () => {
    const clock = new FakeClock();
    const backoff = new Backoff(clock, () => 0.5);
    expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.next())).toEqual([200, 300, 450, 675, 1000, 1000, 1000]);
    clock.advance(60_000);
    expect(backoff.next()).toBe(2000);
    backoff.reset();
    expect(backoff.next()).toBe(200);
    const random = seededRandom(1);
    const spread = Array.from({ length: 50 }, () => new Backoff(clock, random).next());
    expect(Math.min(...spread)).toBeGreaterThanOrEqual(160);
    expect(Math.max(...spread)).toBeLessThanOrEqual(240);
    expect(new Set(spread).size).toBe(50);
  });

  it('moves a timer to an earlier time only', () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    const timer = new WakeTimer(clock, () => calls.push(clock.nowMs()));
    timer.at(100, 1);
    timer.at(200, 1);
    expect(clock.pendingCount).toBe(1);
    timer.at(50, 1);
    clock.advance(300);
    expect(calls).toEqual([50]);
    timer.at(0, 310);
    timer.at(Number.POSITIVE_INFINITY, 0);
    clock.advance(10);
    expect(calls).toEqual([50, 310]);
    timer.at(400, 0);
    timer.cancel();
    expect(clock.pendingCount).toBe(0);
  });
});

describe('names', () => {
  it('are asked for once at a time, and go on with the last answer when none comes', async () => {
    const clock = new FakeClock();
    const asked: string[] = [];
    let answer: (host: string) => Promise<readonly string[]> = async () => ['192.0.2.1'];
    const names = new NameCache(clock, (host) => {
      asked.push(host);
      return answer(host);
    });
    expect(await names.resolve('[2001:db8::1]')).toEqual(['2001:db8::1']);
    expect(await names.resolve('a.example')).toEqual(['192.0.2.1']);
    answer = () => new Promise(() => {});
    const waiting = Promise.all([names.resolve('a.example'), names.resolve('a.example')]);
    await clock.run(1000);
    expect(await waiting).toEqual([['192.0.2.1'], ['192.0.2.1']]);
    expect(asked).toEqual(['a.example', 'a.example']);
    answer = () => Promise.reject(new Error('no such host'));
    await expect(names.resolve('b.example')).rejects.toThrow('no such host');
    answer = async () => ['192.0.2.2'];
    expect(await names.resolve('b.example')).toEqual(['192.0.2.2']);
    answer = () => Promise.reject(new Error('no such host'));
    expect(await names.resolve('b.example')).toEqual(['192.0.2.2']);
  });
});
