import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailingJournalFs } from '../../../../test/support/failing-journal-fs.ts';
import { FakeClock } from '../../../../test/support/fake-clock.ts';
import { LinesLogger } from '../../../../test/support/lines-logger.ts';
import { seededRandom } from '../../../../test/support/seeded-random.ts';
import { ChannelStore } from '../../../protocols/link/channel-store.ts';
import type { StreamRecord } from '../../../protocols/link/stream-records.ts';
import { StoreJournal, type StoreJournalOptions } from './store-journal.ts';

const KEEP_MS = 2000;
const EPOCH = '00112233aabbccdd';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'distream-store-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function open(folder: string, overrides: Partial<StoreJournalOptions> = {}) {
  const log = new LinesLogger();
  const journal = new StoreJournal({
    folder,
    name: 'live',
    clock: new FakeClock(),
    log,
    keepMs: KEEP_MS,
    maxBytes: 1 << 20,
    bootId: () => 'this boot',
    ...overrides,
  });
  const { kept } = journal;
  const epoch = kept?.epoch ?? EPOCH;
  const store = new ChannelStore({
    name: 'live',
    epoch,
    keepMs: KEEP_MS,
    maxBytes: 1 << 20,
    keep: (record) => journal.keep(record),
    ...(kept && { held: kept.held }),
  });
  journal.follow(epoch, () => store.snapshot());
  return { journal, store, log };
}

function* source(random: () => number): Generator<StreamRecord> {
  const headers = Buffer.from('headers');
  yield { type: 'format', contentType: 'audio/mpeg', codec: 'mp3', ticksPerSecond: 44_100, channels: 2, headers };
  yield { type: 'origin', epoch: EPOCH, originByte: 0, audioOffset: 0 };
  for (let count = 0; ; count++) {
    const chance = random();
    if (count % 90 === 1) yield { type: 'station', station: { name: `name ${count}` } };
    else if (chance < 0.02) yield { type: 'title', title: `title ${count}`, artist: 'a', url: '' };
    else if (chance < 0.03) yield { type: 'discontinuity', cause: 'source-restart', lostMs: undefined };
    else if (chance < 0.035)
      yield { type: 'format', contentType: 'audio/mpeg', codec: 'mp3', ticksPerSecond: 48_000, channels: 1, headers };
    else yield { type: 'audio', data: Buffer.alloc(random() < 0.2 ? 417 : 418, count), ticks: 1152 };
  }
}

describe('a store on the disk', () => {
  it('goes on byte for byte after kills at any places', () => {
    for (const seed of [1, 2, 3]) {
      const random = seededRandom(seed);
      const records = source(random);
      const whole = new ChannelStore({ name: 'live', epoch: EPOCH, keepMs: KEEP_MS, maxBytes: 1 << 20 });
      let life = 0;
      let run = open(join(root, `${seed}-${life}`));
      for (let kills = 0; kills < 12; kills++) {
        for (let left = Math.floor(random() * 250); left > 0; left--) {
          const record = records.next().value as StreamRecord;
          whole.append(record);
          run.store.append(record);
        }
        // What is on the disk at this time is what a process that is killed leaves.
        const next = join(root, `${seed}-${++life}`);
        cpSync(join(root, `${seed}-${life - 1}`), next, { recursive: true });
        run.journal.close();
        run = open(next);
        expect([run.store.epoch, run.store.newest, run.store.mediaTimeUs]).toEqual([
          EPOCH,
          whole.newest,
          whole.mediaTimeUs,
        ]);
        const from = Math.max(whole.oldest, run.store.oldest);
        expect(run.store.mediaTimeUs - run.store.timeAt(from)).toBeGreaterThanOrEqual(
          Math.min(KEEP_MS * 1000, whole.mediaTimeUs) * 0.999,
        );
        expect(run.store.read(from, 1 << 20).equals(whole.read(from, 1 << 20))).toBe(true);
        const at = whole.recordFrom(from);
        expect(run.store.startAt(run.store.recordFrom(from))).toEqual(whole.startAt(at));
        expect(run.log.lines).toEqual([]);
      }
      expect(readdirSync(join(root, `${seed}-${life}`)).length).toBeLessThan(30);
      run.journal.close();
    }
  });

  function killed(name = 'a', count = 300) {
    const folder = join(root, name);
    const { journal, store } = open(folder);
    const records = source(seededRandom(5));
    for (let index = 0; index < count; index++) store.append(records.next().value as StreamRecord);
    journal.close();
    return { folder, store, files: readdirSync(folder).map((file) => join(folder, file)) };
  }

  it('begins a new epoch when the machine was started anew, or nobody knows', () => {
    const { folder } = killed();
    for (const bootId of [() => 'another boot', () => undefined]) {
      const copy = join(root, String(bootId()));
      cpSync(folder, copy, { recursive: true });
      const { journal, store } = open(copy, { bootId });
      expect([journal.kept, store.newest]).toEqual([undefined, 0]);
      expect(readdirSync(copy)).toEqual(['lock']);
      journal.close();
    }
  });

  it('begins a new epoch for another stream, and when the newest bytes are not as they were written', () => {
    const { folder, files } = killed();
    expect(open(folder, { name: 'other' }).journal.kept).toBeUndefined();
    const again = killed('b');
    const newest = again.files.at(-1)!;
    const bytes = readFileSync(newest);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(newest, bytes);
    expect(open(again.folder).journal.kept).toBeUndefined();
    expect(files.length).toBeGreaterThan(5);
  });

  it('leaves out what lies before a hole, and a record that was cut off', () => {
    const { folder, store, files } = killed();
    rmSync(files[3]!);
    const newest = readFileSync(files.at(-1)!);
    writeFileSync(files.at(-1)!, newest.subarray(0, newest.length - 3));
    const { journal, store: restored } = open(folder);
    expect(restored.oldest).toBeGreaterThan(store.oldest);
    expect(restored.newest).toBeLessThan(store.newest);
    const length = restored.newest - restored.oldest;
    expect(restored.read(restored.oldest, length).equals(store.read(restored.oldest, length))).toBe(true);
    journal.close();
  });

  it('goes on in memory when the disk is full, tells it once, and recovers by itself', async () => {
    const fs = new FailingJournalFs();
    fs.maxWrite = 100;
    const clock = new FakeClock();
    const folder = join(root, 'full');
    const { journal, store, log } = open(folder, { fs, clock });
    const records = source(seededRandom(6));
    const play = (count: number) => {
      for (let left = count; left > 0; left--) store.append(records.next().value as StreamRecord);
    };
    play(50);
    fs.fault = Object.assign(new Error('x'), { code: 'ENOSPC' });
    play(50);
    expect(log.lines).toEqual([expect.stringMatching(/^error cannot keep in .*full .*: the disk is full; a restart/)]);
    // What is not all that was sent must not be gone on with.
    expect(readdirSync(folder)).toEqual([]);
    await clock.run(11_000);
    play(10);
    expect(log.lines).toHaveLength(1);
    fs.fault = undefined;
    await clock.run(11_000);
    play(10);
    expect(log.lines.at(-1)).toBe('info what links hold is kept on the disk again');
    journal.close();
    const next = open(folder);
    expect([next.store.epoch, next.store.snapshot()]).toEqual([EPOCH, store.snapshot()]);
    next.journal.close();
  });

  it('does not go on with what could not be removed, while the disk is read-only and after', () => {
    const fs = new FailingJournalFs();
    const [folder, markFolder] = [join(root, 'read-only'), join(root, 'marks')];
    mkdirSync(markFolder);
    const { journal, store } = open(folder, { fs, markFolder });
    const records = source(seededRandom(7));
    for (let left = 50; left > 0; left--) {
      store.append(records.next().value as StreamRecord);
      if (left !== 25) continue;
      fs.isReadOnly = true;
      fs.fault = Object.assign(new Error('x'), { code: 'EROFS' });
    }
    // A process that is killed here leaves this, and a disk that may be writable again.
    const left = join(root, 'left');
    cpSync(folder, left, { recursive: true });
    expect(open(left, { markFolder }).journal.kept?.epoch).toBe(EPOCH);
    journal.close();
    const next = open(folder, { fs, markFolder });
    expect(next.journal.kept).toBeUndefined();
    expect(next.log.lines).toEqual([expect.stringContaining('the disk is read-only')]);
    next.journal.close();
    const writable = open(folder, { markFolder });
    expect([writable.journal.kept, readdirSync(markFolder)]).toEqual([undefined, []]);
    for (let more = 50; more > 0; more--) writable.store.append(records.next().value as StreamRecord);
    writable.journal.close();
    const last = open(folder, { markFolder });
    expect(last.store.snapshot()).toEqual(writable.store.snapshot());
    last.journal.close();
  });
});
