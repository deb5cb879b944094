import { describe, expect, it } from 'vitest';
import { FragmentSource, testFormat } from '../../../test/support/frames.ts';
import { type DiskCall, diskError, type Fate, MemoryDisk } from '../../../test/support/memory-disk.ts';
import { RecorderBench } from '../../../test/support/recording-output.ts';
import type { Fragment } from '../../core/fragment.ts';
import { LedgerBytesCheck } from '../../protocols/link/ledger-bytes.ts';
import { readLedgerDocument } from '../../protocols/link/ledger-document.ts';

function take(source: FragmentSource, count: number): Fragment[] {
  return Array.from({ length: count }, () => source.next());
}

const dataOf = (fragments: readonly Fragment[]) => Buffer.concat(fragments.map(({ data }) => data));

const FRAGMENTS = 12;

/** Records `FRAGMENTS` fragments over several files, with titles, on a disk that treats each call as `fate` says. */
async function record(
  fate: (call: DiskCall) => Fate | Promise<Fate>,
  before: (bench: RecorderBench) => void = () => {},
) {
  const disk = new MemoryDisk();
  const bench = new RecorderBench(disk);
  const source = new FragmentSource();
  source.metadata = { title: 'Song' };
  const fragments = take(source, FRAGMENTS);
  disk.fate = fate;
  before(bench);
  await bench.start({ path: 'a/%{stream}.mp3', maxDuration: '2.2s', titles: true });
  await bench.feed(...fragments);
  await bench.pass(11_000);
  return { disk, bench, fragments };
}

describe('recorder on a failing disk', () => {
  /** What becomes of the call that is hit, and of a write's next call. */
  const faults: [string, Fate, Fate][] = [
    ['ENOSPC', diskError('ENOSPC'), undefined],
    ['EIO', diskError('EIO'), undefined],
    ['a short write', 700, undefined],
    ['ENOSPC in the middle of a write', 700, diskError('ENOSPC')],
    ['a write of nothing', 0, undefined],
  ];

  it.each(faults)('loses and repeats nothing when any one call fails with %s', async (_, fault, next) => {
    const { disk: sound } = await record(() => undefined);
    for (let victim = 1; victim <= sound.calls; victim++) {
      let failed: DiskCall | undefined;
      const { disk, bench, fragments } = await record((call) => {
        if (call.number === victim + 1 && failed?.name === 'write') return next;
        if (call.number !== victim) return undefined;
        failed = call;
        return fault;
      });
      const place = `call ${victim} (${failed?.name})`;
      expect(disk.audio.equals(dataOf(fragments)), place).toBe(true);
      expect(bench.report, place).toMatchObject({
        state: 'waiting',
        counters: { gaps: 0, bytes_written: FRAGMENTS * 1600 },
      });
      await bench.stop();
      for (const [path, text] of disk.ledgers) {
        const check = new LedgerBytesCheck(readLedgerDocument(text.toString())!.ledger);
        check.push(disk.contents[path.replace('.ledger.json', '')]!);
        expect(check.verdict(), `${place}, ${path}`).toMatchObject({ different: undefined, missingBytes: 0 });
      }
      expect(
        [...disk.files.values()].every(({ isClosed }) => isClosed),
        place,
      ).toBe(true);
    }
  });

  it('loses no frame when the disk dies in the middle of a write and comes back later', async () => {
    let endMs = Number.POSITIVE_INFINITY;
    let clock = { nowMs: () => 0 };
    for (const name of ['write', 'sync', 'create', 'close']) {
      let count = 0;
      const run = record(
        (call) => {
          if (call.name === name && ++count === 2) {
            endMs = clock.nowMs() + 7000;
            return name === 'write' ? 700 : diskError('EIO');
          }
          return endMs !== Number.POSITIVE_INFINITY && clock.nowMs() < endMs ? diskError('EIO') : undefined;
        },
        (bench) => {
          clock = bench.clock;
          endMs = Number.POSITIVE_INFINITY;
        },
      );
      const { disk, bench, fragments } = await run;
      expect(bench.clock.nowMs(), name).toBeGreaterThan(endMs);
      const whole = dataOf(fragments);
      for (let at = 0; at < whole.length; at += 160) {
        expect(disk.audio.includes(whole.subarray(at, at + 160)), `${name}, byte ${at}`).toBe(true);
      }
      expect(bench.report, name).toMatchObject({ state: 'waiting', counters: { gaps: 0 } });
      await bench.stop();
    }
  });

  it('says that it failed and why, once, tries every 5 s, and catches up from the buffer', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 60);
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...fragments.slice(0, 4));
    disk.fate = ({ name }) => (name === 'write' ? diskError('ENOSPC') : undefined);
    await bench.feed(...fragments.slice(4, 44));
    expect(bench.report).toMatchObject({ state: 'failed', detail: { reason: 'the disk is full' } });
    expect(bench.report.counters!.failures).toBeGreaterThanOrEqual(4);
    expect(bench.report.counters!.failures).toBeLessThanOrEqual(5);
    expect(bench.lines.filter((line) => line.includes('the disk is full'))).toHaveLength(1);
    disk.fate = () => undefined;
    await bench.feed(...fragments.slice(44));
    expect(bench.report).toMatchObject({ state: 'recording', counters: { gaps: 0 } });
    expect(bench.lines.some((line) => line.startsWith('records again after'))).toBe(true);
    await bench.stop();
    expect(Object.keys(disk.contents)).toEqual(['/rec/x.mp3', '/rec/x-2.mp3']);
    expect(disk.audio.equals(dataOf(fragments))).toBe(true);
  });

  it('counts a gap when the disk fails for longer than the buffer holds', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const source = new FragmentSource();
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...take(source, 4));
    disk.fate = () => diskError('EIO');
    await bench.feed(...take(source, 200));
    disk.fate = () => undefined;
    const last = take(source, 20);
    await bench.feed(...last);
    await bench.stop();
    expect(bench.report.counters!.gaps).toBeGreaterThanOrEqual(1);
    const lostBytes = (4 + 200 + 20) * 1600 - disk.audio.length;
    expect(lostBytes).toBeGreaterThan(0);
    expect(bench.report.counters!.lost_seconds).toBe(Math.ceil(lostBytes / 3200));
    expect(disk.audio.subarray(-20 * 1600).equals(dataOf(last))).toBe(true);
  });

  it('writes what was not confirmed again when a sync fails', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const format = testFormat({ codec: 'opus', contentType: 'audio/ogg', headers: Buffer.from('HEAD') });
    const fragments = take(new FragmentSource(format), 12);
    await bench.start({ path: 'x.opus' });
    await bench.feed(...fragments.slice(0, 4));
    const confirmed = disk.files.get('/rec/x.opus')!.durable;
    let failures = 0;
    disk.fate = ({ name }) => (name === 'sync' && failures++ < 1 ? diskError('EIO') : undefined);
    await bench.feed(...fragments.slice(4));
    await bench.pass(6000);
    await bench.stop();
    const { '/rec/x.opus': first, '/rec/x-2.opus': second } = disk.contents;
    expect(first!.equals(confirmed)).toBe(true);
    expect(
      Buffer.concat([first!, second!.subarray(4)]).equals(Buffer.concat([format.headers, dataOf(fragments)])),
    ).toBe(true);
    expect(second!.toString('latin1', 0, 4)).toBe('HEAD');
  });

  it('begins a new file when its file is deleted', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 20);
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...fragments.slice(0, 4));
    disk.files.get('/rec/x.mp3')!.linked = false;
    disk.files.delete('/rec/x.mp3');
    disk.folders.clear();
    await bench.feed(...fragments.slice(4));
    await bench.pass(5000);
    expect(disk.audio.equals(dataOf(fragments.slice(4)))).toBe(true);
    expect(bench.lines.some((line) => line.includes('deleted'))).toBe(true);
    await bench.stop();
  });

  it('stops below minFree and goes on by itself', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 90);
    await bench.start({ path: 'x.mp3', minFree: '100MB' });
    await bench.feed(...fragments.slice(0, 5));
    disk.free = 99e6;
    await bench.feed(...fragments.slice(5, 35));
    expect(bench.report).toMatchObject({ state: 'disk-low', detail: { reason: expect.stringContaining('94 MiB') } });
    expect(bench.report.counters!.failures).toBe(1);
    expect([...disk.files.values()].every(({ isClosed }) => isClosed)).toBe(true);
    disk.free = 101e6;
    await bench.feed(...fragments.slice(35, 50));
    expect(bench.report.state).toBe('disk-low');
    disk.free = 111e6;
    await bench.feed(...fragments.slice(50));
    expect(bench.report.state).toBe('recording');
    await bench.stop();
    expect(disk.audio.equals(dataOf(fragments))).toBe(true);
    expect(disk.files.size).toBe(2);
  });

  it('makes no file at all on a disk that is low from the start', async () => {
    const disk = new MemoryDisk();
    disk.free = 0;
    const bench = new RecorderBench(disk);
    await bench.start({ path: 'x.mp3' });
    await bench.feed(...take(new FragmentSource(), 40));
    expect(bench.report.state).toBe('disk-low');
    await bench.stop();
    expect(disk.files.size).toBe(0);
  });

  it('is not disturbed by a slow disk, and stops within a second on one that hangs', async () => {
    const disk = new MemoryDisk();
    const bench = new RecorderBench(disk);
    const fragments = take(new FragmentSource(), 60);
    let slow = 0;
    disk.fate = ({ number }) => {
      if (number % 7 !== 0) return undefined;
      slow++;
      return new Promise((resolve) => bench.clock.after(5000, () => resolve(undefined)));
    };
    await bench.start({ path: 'x.mp3', maxDuration: '7s' });
    await bench.feed(...fragments);
    await bench.pass(300_000);
    expect(slow).toBeGreaterThan(3);
    expect(disk.audio.equals(dataOf(fragments))).toBe(true);
    disk.fate = () => new Promise(() => {});
    bench.stream.append(new FragmentSource().next({ sequence: 61 }));
    await bench.pass(100);
    await bench.stop();
  });
});
