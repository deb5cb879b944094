import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { FakeStreamView } from '../../../test/support/fake-stream-view.ts';
import { MemoryDisk } from '../../../test/support/memory-disk.ts';
import { headOf } from '../../../test/support/wav-heads.ts';
import type { Fragment, StreamFormat } from '../../core/fragment.ts';
import { silentLogger } from '../../core/logger.ts';
import { pcmStreamFormat } from '../../media/pcm/stream-format.ts';
import { PathTemplate } from './path-template.ts';
import { Recorder } from './recorder.ts';

const mono24 = () => pcmStreamFormat({ sampleRate: 8000, channels: 1, bitsPerSample: 24, isFloat: false });
/** An odd number of bytes. */
const BLOCK_BYTES = 243;

class PcmTape {
  readonly stream = new FakeStreamView();
  readonly disk = new MemoryDisk();
  readonly recorder: Recorder;
  #sequence = 0;
  readonly written: Buffer[] = [];

  constructor(limits: { maxDurationMs?: number } = {}) {
    this.recorder = new Recorder(
      {
        stream: this.stream,
        clock: new FakeClock(),
        log: silentLogger,
        fs: this.disk,
        path: new PathTemplate({ template: '/r/take.mp3', streamName: 's', timezone: 'utc' }),
        maxDurationMs: limits.maxDurationMs,
        maxBytes: undefined,
        titles: false,
        ledger: true,
      },
      undefined,
    );
  }

  async play(format: StreamFormat): Promise<void> {
    const sequence = ++this.#sequence;
    const data = Buffer.alloc(BLOCK_BYTES, sequence);
    const durationUs = 10_125;
    const fragment: Fragment = {
      generation: 1,
      sequence,
      data,
      format,
      startTimeUs: 1_700_000_000_000_000 + sequence * durationUs,
      durationUs,
      mediaTimeUs: (sequence - 1) * durationUs,
      frameOffsets: [0],
      metadata: [],
      openingMetadata: undefined,
      discontinuity: undefined,
      originEpoch: 'e',
      originByte: (sequence - 1) * BLOCK_BYTES,
    };
    this.stream.append(fragment);
    this.recorder.begin(fragment);
    await this.recorder.writeNext();
    this.written.push(data);
  }
}

describe('a recording of PCM', () => {
  it('is a WAV file whose head is right at each sync and at the end', async () => {
    const tape = new PcmTape();
    const format = mono24();
    await tape.play(format);
    await tape.recorder.sync();
    const afterOne = headOf(tape.disk.audio);
    expect([afterOne.container, afterOne.dataBytes, afterOne.warnings]).toEqual(['RIFF', BLOCK_BYTES - 3, []]);
    await tape.play(format);
    await tape.recorder.sync();
    expect(headOf(tape.disk.audio).dataBytes).toBe(2 * BLOCK_BYTES);
    await tape.play(format);
    await tape.recorder.closeFile();
    const [[path, bytes]] = Object.entries(tape.disk.contents) as [[string, Buffer]];
    const head = headOf(bytes);
    expect(path).toBe('/r/take.wav');
    expect(head.warnings).toEqual([]);
    expect(bytes.length % 2).toBe(0);
    expect(bytes.subarray(head.dataStart, head.dataStart + head.dataBytes)).toEqual(Buffer.concat(tape.written));
    expect(head.bext?.timeReference).toBe(Math.round((1_700_000_000.010125 % 86_400) * 8000));
  });

  it('never tells of more audio than the disk has confirmed', async () => {
    const tape = new PcmTape();
    const format = mono24();
    for (let count = 0; count < 5; count++) {
      await tape.play(format);
      await tape.recorder.sync();
      const [file] = [...tape.disk.files.values()];
      // What was durable before the head was written holds at least what the head tells.
      const head = headOf(file!.bytes);
      expect(head.dataStart + head.dataBytes).toBeLessThanOrEqual(file!.durable.length);
    }
  });

  it('goes on in its file when the samples stay the same, and in another when they do not', async () => {
    const tape = new PcmTape();
    await tape.play(mono24());
    await tape.play(mono24());
    await tape.play(pcmStreamFormat({ sampleRate: 8000, channels: 3, bitsPerSample: 24, isFloat: false }));
    await tape.recorder.closeFile();
    const files = Object.values(tape.disk.contents);
    expect(files.map((bytes) => headOf(bytes).dataBytes)).toEqual([2 * BLOCK_BYTES, BLOCK_BYTES]);
  });

  it('is cut between blocks, each file with a head of its own', async () => {
    const tape = new PcmTape({ maxDurationMs: 25 });
    const format = mono24();
    for (let count = 0; count < 5; count++) await tape.play(format);
    await tape.recorder.closeFile();
    const heads = Object.values(tape.disk.contents).map((bytes) => ({ bytes, head: headOf(bytes) }));
    expect(heads.map(({ head }) => head.dataBytes / BLOCK_BYTES)).toEqual([2, 2, 1]);
    const audio = heads.map(({ bytes, head }) => bytes.subarray(head.dataStart, head.dataStart + head.dataBytes));
    expect(Buffer.concat(audio)).toEqual(Buffer.concat(tape.written));
    const references = heads.map(({ head }) => head.bext!.timeReference!);
    expect(references[1]! - references[0]!).toBe(162);
  });
});
