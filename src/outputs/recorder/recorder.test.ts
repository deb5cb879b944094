import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeStreamView } from '../../../test/support/fake-stream-view.ts';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import { MemoryDisk } from '../../../test/support/memory-disk.ts';
import { RecorderBench } from '../../../test/support/recording-output.ts';
import type { Fragment } from '../../core/fragment.ts';
import { Mp3Framer } from '../../media/mp3/mp3-framer.ts';

const HOUR_US = 3600e6;

/** Fragments of a real file, eight frames each, whose first sample is at `startUs`. */
function mp3Fragments(startUs: number): Fragment[] {
  const framer = new Mp3Framer();
  const file = readFileSync(join(import.meta.dirname, '../../../test/fixtures/audio/cbr-128k-44100.mp3'));
  const frames = [...framer.push(file), ...framer.flush()];
  const fragments: Fragment[] = [];
  let mediaTimeUs = 0;
  while (frames.length > 0) {
    const part = frames.splice(0, 8);
    const durationUs = part.reduce((sum, frame) => sum + frame.durationUs, 0);
    let bytes = 0;
    const frameOffsets = part.map((frame) => {
      bytes += frame.data.length;
      return bytes - frame.data.length;
    });
    fragments.push({
      ...new FragmentSource(part[0]!.format).next(),
      sequence: fragments.length + 1,
      data: Buffer.concat(part.map((frame) => frame.data)),
      startTimeUs: startUs + mediaTimeUs,
      durationUs,
      mediaTimeUs,
      frameOffsets,
    });
    mediaTimeUs += durationUs;
  }
  return fragments;
}

const dataOf = (fragments: readonly Fragment[]) => Buffer.concat(fragments.map(({ data }) => data));

function take(source: FragmentSource, count: number, overrides: Partial<Fragment> = {}): Fragment[] {
  return Array.from({ length: count }, () => source.next(overrides));
}

describe('recorder', () => {
  it('rotates at the frame of the hour; the files together are the frames, exactly', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = mp3Fragments(10 * HOUR_US - 1_000_000);
    await bench.start({ path: 'a/%Y-%m-%d/%H.mp3' });
    await bench.feed(...fragments);
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/a/1970-01-01/09.mp3', '/rec/a/1970-01-01/10.mp3']);
    expect(disk.audio.equals(dataOf(fragments))).toBe(true);
    const [first, second] = Object.values(disk.contents);
    const frames = new Mp3Framer();
    const durationUs = [...frames.push(first!), ...frames.flush()].reduce((sum, frame) => sum + frame.durationUs, 0);
    expect(durationUs).toBeGreaterThanOrEqual(1_000_000);
    expect(durationUs).toBeLessThan(1_027_000);
    expect(second!.readUInt16BE(0) & 0xffe0).toBe(0xffe0);
    expect(bench.report.counters).toMatchObject({ files_written: 2, bytes_written: dataOf(fragments).length, gaps: 0 });
    expect([...disk.files.values()].every((file) => file.isClosed && file.durable.equals(file.bytes))).toBe(true);
    expect(bench.clock.pendingCount).toBe(0);
  });

  it('is at each moment a prefix that ends at a frame, and a power failure takes about a second', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 40);
    const whole = dataOf(fragments);
    await bench.start({ path: '%M%S.mp3', maxDuration: '3s' });
    let appended = 0;
    const faults: string[] = [];
    disk.fate = ({ name }) => {
      const { audio } = disk;
      if (audio.length % 160 !== 0 || !audio.equals(whole.subarray(0, audio.length)))
        faults.push(`no prefix at ${name}`);
      const durable = [...disk.files.values()].reduce((sum, file) => sum + file.durable.length, 0);
      if (appended - durable > 2 * 1600) faults.push(`${appended - durable} bytes not on the disk at ${name}`);
      return undefined;
    };
    for (const fragment of fragments) {
      appended += fragment.data.length;
      await bench.feed(fragment);
    }
    expect(faults).toEqual([]);
    expect(disk.calls).toBeGreaterThan(80);
    await bench.stop();
    expect(disk.audio.equals(whole)).toBe(true);
  });

  it('puts the last audio on the disk although no more comes', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const source = new FragmentSource();
    await bench.start({ path: 'x.mp3' });
    for (const fragment of take(source, 3)) bench.stream.append(fragment);
    await bench.pass(600);
    expect(disk.files.get('/rec/x.mp3')!.durable).toHaveLength(3 * 1600);
    expect(bench.report.state).toBe('recording');
    await bench.pass(6000);
    expect(bench.report.state).toBe('waiting');
    await bench.stop();
  });

  it('begins with the first fragment after its start and writes what came before the stop', async () => {
    const disk = new MemoryDisk();
    const stream = new FakeStreamView();
    const source = new FragmentSource();
    stream.append(source.next());
    const bench = new RecorderBench(disk, stream);
    await bench.start({ path: 'x.mp3' });
    const later = take(source, 2);
    for (const fragment of later) stream.append(fragment);
    await bench.stop();
    expect(disk.audio.equals(dataOf(later))).toBe(true);
  });

  it('goes on behind the last fragment after a restart, in a new file', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 6);
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...fragments.slice(0, 2));
    await bench.stop();
    await bench.feed(...fragments.slice(2, 4));
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...fragments.slice(4));
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/x.mp3', '/rec/x-2.mp3']);
    expect(disk.audio.equals(dataOf(fragments))).toBe(true);
  });

  it('rotates by duration and size, and never overwrites', async () => {
    const disk = new MemoryDisk();
    await disk.makeFolder('/rec');
    await disk.create('/rec/x.mp3');
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 6);
    await bench.start({ path: 'x.mp3', maxDuration: '1.2s', maxSize: '3500B' });
    await bench.feed(...fragments);
    await bench.stop();
    const sizes = Object.entries(disk.contents).map(([path, bytes]) => [path, bytes.length / 160]);
    expect(sizes).toEqual([
      ['/rec/x.mp3', 0],
      ['/rec/x-2.mp3', 21],
      ['/rec/x-3.mp3', 21],
      ['/rec/x-4.mp3', 18],
    ]);
    expect(disk.audio.equals(dataOf(fragments))).toBe(true);
  });

  it('does not go back to an older name when the clock is set back a little', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const source = new FragmentSource();
    await bench.start({ path: '%H.mp3' });
    const starts = [HOUR_US - 100_000, HOUR_US - 50_000, HOUR_US + 1e6, HOUR_US - 60e6];
    await bench.feed(...starts.map((startTimeUs) => source.next({ startTimeUs })));
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/00.mp3', '/rec/01.mp3']);
  });

  it('writes headers first, chains Ogg streams in one file, and begins another for another codec', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const ogg = (codec: 'vorbis' | 'opus', headers: string) =>
      testFormat({ contentType: 'audio/ogg', codec, headers: Buffer.from(headers) });
    const formats = [ogg('vorbis', 'HEAD-A'), ogg('vorbis', 'HEAD-B'), ogg('opus', 'HEAD-C'), testFormat()];
    const source = new FragmentSource();
    const fragments = [0, 0, 1, 0, 2, 3, 3].map((index) => source.next({ format: formats[index]! }));
    await bench.start({ path: 'x.ogg' });
    await bench.feed(...fragments);
    await bench.stop();
    const [a, b, c, d, e, f, g] = fragments.map(({ data }) => data.toString('latin1'));
    const contents = Object.entries(disk.contents).map(([path, bytes]) => [path, bytes.toString('latin1')]);
    expect(contents).toEqual([
      ['/rec/x.ogg', `HEAD-A${a}${b}HEAD-B${c}HEAD-A${d}`],
      ['/rec/x-2.ogg', `HEAD-C${e}`],
      ['/rec/x.mp3', `${f}${g}`],
    ]);
  });

  it('begins another file for new headers of FLAC and WebM, under the name that fits', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const format = (contentType: string, codec: 'flac' | 'opus') =>
      testFormat({ contentType, codec, headers: Buffer.from('HEAD') });
    const formats = [format('audio/flac', 'flac'), format('audio/flac', 'flac'), format('audio/webm', 'opus')];
    const ogg = format('audio/ogg', 'opus');
    const source = new FragmentSource();
    const fragments = [...formats, ogg].map((each) => source.next({ format: each }));
    await bench.start({ path: 'x.ogg' });
    await bench.feed(...fragments);
    await bench.stop();
    const contents = Object.entries(disk.contents).map(([path, bytes]) => [path, bytes.toString('latin1')]);
    const [a, b, c, d] = fragments.map(({ data }) => `HEAD${data.toString('latin1')}`);
    expect(contents).toEqual([
      ['/rec/x.flac', a],
      ['/rec/x-2.flac', b],
      ['/rec/x.webm', c],
      ['/rec/x.ogg', d],
    ]);
  });

  it('repeats the headers in each file of an Ogg stream', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const format = testFormat({ contentType: 'audio/ogg', codec: 'flac', headers: Buffer.from('HEAD') });
    await bench.start({ path: '%{stream}.flac', maxDuration: '1s' });
    await bench.feed(...take(new FragmentSource(format), 4));
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/test.oga', '/rec/test-2.oga']);
    for (const bytes of Object.values(disk.contents)) expect(bytes).toHaveLength(4 + 3200);
  });

  it('writes opaque bytes whole, into a new file for another type', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const source = new FragmentSource(testFormat({ codec: 'opaque', contentType: 'video/mp2t' }));
    const other = testFormat({ codec: 'opaque', contentType: 'audio/webm' });
    await bench.start({ path: 'x.bin' });
    await bench.feed(source.next(), source.next({ frameOffsets: [], format: other }));
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/x.bin', '/rec/x-2.bin']);
    expect(disk.audio).toHaveLength(3200);
  });

  it('writes titles beside the file with their place in it', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const source = new FragmentSource();
    source.metadata = { title: 'First' };
    await bench.start({ path: 'x.mp3', titles: true, maxDuration: '2.25s' });
    const mark = (offset: number, title: string) => ({ offset, metadata: { title } });
    const second = source.next({ metadata: [mark(480, 'Second\nline'), mark(960, 'Third')] });
    source.metadata = { title: 'Third' };
    await bench.feed(second, ...take(source, 3), source.next({ metadata: [mark(800, 'Fourth')] }), ...take(source, 1));
    await bench.stop();
    expect(disk.contents['/rec/x.mp3.titles.txt']!.toString()).toBe(
      '00:00:00 First\n00:00:00 Second line\n00:00:00 Third\n',
    );
    expect(disk.contents['/rec/x-2.mp3.titles.txt']!.toString()).toBe('00:00:00 Fourth\n00:00:00 Third\n');
    expect(bench.report.counters).toMatchObject({ titles_failed: 0 });
  });

  it('counts what the buffer no longer holds', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 260);
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...fragments.slice(0, 2));
    await bench.stop();
    await bench.feed(...fragments.slice(2));
    await bench.start({ path: 'x.mp3' });
    await bench.pass(0);
    expect(bench.report.counters).toMatchObject({ gaps: 1, lost_seconds: 69 });
    expect(bench.lines.join('\n')).toContain('gap of 69.0 s');
    await bench.stop();
    expect(disk.audio).toHaveLength((2 + 120) * 1600);
  });
});
