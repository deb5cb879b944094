import { beforeEach, describe, expect, it } from 'vitest';
import { ProtocolViolation } from '../../core/errors.ts';
import type { AckFrame } from './frames.ts';
import { LossDetector } from './loss-detection.ts';
import { RttEstimator } from './rtt.ts';

let rtt: RttEstimator;
let loss: LossDetector;
let nowMs: number;

function send(count: number, everyMs = 10): void {
  for (let sent = 0; sent < count; sent++, nowMs += everyMs) {
    const number = loss.nextNumber;
    loss.sent({
      number,
      sentMs: nowMs,
      linkBytes: 1000,
      isAckEliciting: true,
      chunks: [],
      controls: [],
      payloadBytes: 1000,
      isAppLimited: false,
      isProbe: false,
    });
  }
}

function ack(delayMs: number, ...ranges: [number, number][]): AckFrame {
  return { type: 'ack', delayMs, ranges: ranges.map(([start, end]) => ({ start, end })) };
}

const numbers = (packets: readonly { number: number }[]) => packets.map(({ number }) => number);

beforeEach(() => {
  rtt = new RttEstimator();
  loss = new LossDetector(rtt, false);
  nowMs = 0;
});

describe('LossDetector', () => {
  it('measures the round trip without the delay of the peer', () => {
    send(3);
    rtt.sample(40, 0);
    const { acked, rttMs } = loss.acknowledge(ack(30, [0, 3]), 20 + 80);
    expect(numbers(acked)).toEqual([0, 1, 2]);
    expect(rttMs).toBe(50);
    expect(loss.inFlightBytes).toBe(0);
  });

  it('does not believe a delay that leaves no time for the way', () => {
    send(1);
    rtt.sample(40, 0);
    expect(loss.acknowledge(ack(60_000, [0, 1]), 100).rttMs).toBe(40);
  });

  it('takes three packets beyond for a loss, not two', () => {
    send(4, 0);
    rtt.sample(50, 0);
    loss.acknowledge(ack(0, [2, 3]), 50);
    expect(loss.detect(50)).toEqual([]);
    loss.acknowledge(ack(0, [2, 4]), 50);
    expect(numbers(loss.detect(50))).toEqual([0]);
  });

  it('takes 9/8 of a round trip for a loss', () => {
    send(2, 0);
    rtt.sample(80, 0);
    loss.acknowledge(ack(0, [1, 2]), 80);
    expect(loss.lossDueMs).toBe(90);
    expect(loss.detect(89)).toEqual([]);
    expect(numbers(loss.detect(90))).toEqual([0]);
    expect(loss.lossDueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('loses nothing on a reliable carrier until it is gone', () => {
    loss = new LossDetector(rtt, true);
    send(10, 0);
    loss.acknowledge(ack(0, [9, 10]), 50);
    expect(loss.detect(10_000)).toEqual([]);
    expect(loss.takeAll()).toHaveLength(9);
  });

  it('waits longer once packets overtook each other', () => {
    send(12, 0);
    rtt.sample(50, 0);
    loss.acknowledge(ack(0, [5, 6]), 50);
    expect(numbers(loss.detect(50))).toEqual([0, 1, 2]);
    expect(numbers(loss.acknowledge(ack(0, [0, 6]), 51).late)).toEqual([0, 1, 2]);
    expect(loss.spuriousLosses).toBe(3);
    expect(loss.lostPackets).toBe(0);
    loss.acknowledge(ack(0, [9, 10]), 52);
    expect(loss.detect(52)).toEqual([]);
  });

  it('refuses the ACK of what was never sent', () => {
    send(2);
    expect(() => loss.acknowledge(ack(0, [2, 3]), 50)).toThrow(ProtocolViolation);
  });
});
