import { WavHeadParser } from '../../src/media/wav/parse-head.ts';
import type { FlowSpec } from '../../src/tracks/record/flow-spec.ts';
import { Take } from '../../src/tracks/record/take.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { MemoryTakeFs } from './memory-take-fs.ts';
import { TestSender } from './rtp-sender.ts';

const FROM = '192.0.2.1';

/** How a take of a test is made. */
export interface TakeRigOptions {
  readonly maxMs?: number;
  readonly conceals?: boolean;
}

/** A take of flows of 16 bit mono in memory, with a sender for each. */
export function takeRig(titles: readonly string[], { maxMs, conceals = false }: TakeRigOptions = {}) {
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

/** The file of a take whose path ends like that: its head, and the audio that the head tells of. */
export function wavOf(fs: MemoryTakeFs, ending: string) {
  const [, bytes] = [...fs.files].find(([path]) => path.endsWith(ending))!;
  const head = new WavHeadParser({ fileBytes: bytes.length }).push(bytes)!;
  return { head, audio: bytes.subarray(head.dataStart, head.dataStart + head.dataBytes) };
}
