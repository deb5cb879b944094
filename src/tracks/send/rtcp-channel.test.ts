import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { RtcpMessage } from '../../protocols/rtp/rtcp.ts';
import { decodeRtcp } from '../../protocols/rtp/rtcp-decode.ts';
import { encodeRtcp } from '../../protocols/rtp/rtcp-encode.ts';
import { SteadyUtc } from '../steady-utc.ts';
import { FlowFeedback } from './flow-feedback.ts';
import { RtcpChannel, type RtcpSocket } from './rtcp-channel.ts';
import { StreamClock } from './stream-clock.ts';

const HISTORY = [Buffer.from('packet 0'), Buffer.from('packet 1')];

class MemorySocket implements RtcpSocket {
  readonly sent: { datagram: Buffer; to: string }[] = [];
  isClosed = false;
  receive: (datagram: Buffer) => void = () => {};
  on(_event: 'message', listener: (datagram: Buffer) => void): void {
    this.receive = listener;
  }
  send(datagram: Uint8Array, port: number, address: string, done: () => void): void {
    this.sent.push({ datagram: Buffer.from(datagram), to: `${address}:${port}` });
    done();
  }
  close(): void {
    this.isClosed = true;
  }
}

function rig(networks = 1, sampleRates: readonly number[] = [48_000, 48_000]) {
  const clock = new FakeClock();
  const sockets = Array.from({ length: networks }, () => new MemorySocket());
  const flows = [1, 2].map((ssrc) => ({
    ssrc,
    sampleRate: sampleRates[ssrc - 1]!,
    bitsPerSecond: 1.8e6,
    destinations: sockets.map((_, network) => ({ address: `10.0.${network}.9`, port: 5000 + 2 * ssrc })),
    feedback: new FlowFeedback({
      history: { sent: 2, sentPacket: (index) => HISTORY[index] },
      firstSequence: 100,
      sampleRate: 48_000,
      packetsPerSecond: 1000,
    }),
  }));
  const none = { lost: 0, refused: 0, underruns: 0, nextSlot: 0, destinations: [] };
  const channel = new RtcpChannel({
    flows,
    sockets,
    cname: 'me@distream',
    streamClock: new StreamClock({
      startNs: 0n,
      utc: new SteadyUtc({ ns: 0n, utcMs: clock.startUtcMs }),
      serverOffsetMs: undefined,
      randomTimestamp: 1000,
    }),
    clock,
    nowNs: () => BigInt(Math.round(clock.nowMs() * 1e6)),
    random: () => 0.5,
    statistics: () => flows.map(() => ({ ...none, sent: 10 * networks, bytes: 1560 * networks })),
  });
  return { clock, sockets, flows, channel };
}

const kinds = (datagram: Buffer) => decodeRtcp(datagram).map(({ kind }) => kind);
const find = <K extends RtcpMessage['kind']>(datagram: Buffer, kind: K) =>
  decodeRtcp(datagram).find((each) => each.kind === kind) as Extract<RtcpMessage, { kind: K }>;

describe('reports of a sender', () => {
  it('begin with the first packet: one for each flow, with one name, to the port above', () => {
    const { clock, sockets, channel } = rig();
    clock.advance(10);
    channel.start();
    const { sent } = sockets[0]!;
    expect(sent.map(({ to }) => to)).toEqual(['10.0.0.9:5003', '10.0.0.9:5005']);
    for (const [index, { datagram }] of sent.entries()) {
      expect(kinds(datagram)).toEqual(['sender-report', 'source-description']);
      const report = find(datagram, 'sender-report');
      expect(report).toMatchObject({ ssrc: index + 1, rtpTimestamp: 1480, packets: 10, octets: 1440 });
      expect(find(datagram, 'source-description').sources).toMatchObject([{ ssrc: index + 1, cname: 'me@distream' }]);
    }
    channel.close();
  });

  it('follow every few seconds, and end with a BYE for each flow', async () => {
    const { clock, sockets, channel } = rig();
    channel.start();
    clock.advance(60_000);
    const count = sockets[0]!.sent.length;
    expect(count).toBeGreaterThanOrEqual(2 * 8);
    expect(count).toBeLessThanOrEqual(2 * 20);
    await channel.bye();
    const last = sockets[0]!.sent.slice(count);
    expect(last.map(({ datagram }) => find(datagram, 'bye').ssrcs)).toEqual([[1], [2]]);
    expect([sockets[0]!.isClosed, clock.pendingCount]).toEqual([true, 0]);
    channel.start();
    expect(sockets[0]!.sent.length).toBe(count + 2);
  });

  it("come several times within a recorder's buffer when flows of several rates are put in step by them", () => {
    const { clock, sockets, channel } = rig(1, [48_000, 96_000]);
    channel.start();
    clock.advance(10_000);
    const rounds = sockets[0]!.sent.length / 2;
    expect(rounds).toBeGreaterThanOrEqual(15);
    expect(rounds).toBeLessThanOrEqual(26);
    channel.close();
  });

  it('go to both networks, each with what went there', () => {
    const { sockets, channel } = rig(2);
    channel.start();
    expect(sockets[1]!.sent.map(({ to }) => to)).toEqual(['10.0.1.9:5003', '10.0.1.9:5005']);
    expect(find(sockets[1]!.sent[0]!.datagram, 'sender-report')).toMatchObject({ packets: 10, octets: 1440 });
    channel.close();
  });
});

describe('what receivers send', () => {
  const nack = encodeRtcp([{ kind: 'nack', senderSsrc: 77, mediaSsrc: 2, sequences: [101, 500] }]);

  it('a request is answered at the flow, wherever it came from, in the network it came from', () => {
    const { sockets, flows } = rig(2);
    sockets[1]!.receive(nack);
    expect(sockets[0]!.sent).toEqual([]);
    expect(sockets[1]!.sent).toEqual([{ datagram: HISTORY[1], to: '10.0.1.9:5004' }]);
    expect(flows[1]!.feedback.counters).toMatchObject({ asked: 2, resent: 1, gone: 1 });
  });

  it('reports are kept until the receiver says BYE', () => {
    const { sockets, flows } = rig();
    const block = {
      ssrc: 1,
      fractionLost: 128,
      cumulativeLost: 3,
      highestSequence: 7,
      jitter: 0,
      lastSenderReport: 0,
      delaySinceLastSenderReport: 0,
    };
    sockets[0]!.receive(encodeRtcp([{ kind: 'receiver-report', ssrc: 77, blocks: [block, { ...block, ssrc: 99 }] }]));
    expect(flows[0]!.feedback.receivers(0)).toMatchObject([{ ssrc: 77, fractionLost: 0.5 }]);
    expect(flows[1]!.feedback.receivers(0)).toEqual([]);
    sockets[0]!.receive(encodeRtcp([{ kind: 'bye', ssrcs: [77] }]));
    expect(flows[0]!.feedback.receivers(0)).toEqual([]);
  });

  it('anything else is counted and does no harm', () => {
    const { sockets, channel } = rig();
    sockets[0]!.receive(Buffer.from('hello'));
    sockets[0]!.receive(encodeRtcp([{ kind: 'nack', senderSsrc: 1, mediaSsrc: 12_345, sequences: [100] }]));
    expect([channel.malformed, sockets[0]!.sent.length]).toEqual([1, 0]);
  });
});
