import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstBreak, patternPosition } from '../../../test/support/counting-pattern.ts';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { cut } from '../../../test/support/portions.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { feedReader } from '../../../test/support/recording-wire-sink.ts';
import { MessageDecoder } from './message-codec.ts';
import { encodePullRequest } from './pull-request.ts';
import { WireReader } from './wire-reader.ts';

const server = (name: string) => distreamerCapture(`persserver-persclient-${name}.server`);

function receiveAll(names: readonly string[], portions = (bytes: Buffer) => [bytes]) {
  const reader = new WireReader();
  const sessions = new RecordingSessions();
  const requests: Buffer[] = [];
  for (const name of names) {
    requests.push(encodePullRequest('secret', reader.heldNumbers));
    feedReader(reader, sessions, portions(server(name)));
  }
  return { reader, sessions, requests };
}

describe('a reader of recorded sessions', () => {
  it('gives every byte once over three connections of the original server, which sends again what is held', () => {
    const { reader, sessions, requests } = receiveAll(['meta-no-1', 'meta-no-2', 'meta-no-3']);
    expect(sessions.continuities).toEqual(['new', 'exact', 'exact']);
    expect(sessions.causes).toEqual([]);
    expect(sessions.length).toBe((54 - 7 + 1) * 4096);
    expect(patternPosition(sessions.bytes)).toBe(0x1e2c32 * 16);
    expect(firstBreak(sessions.bytes)).toBe(-1);
    expect(reader.counters).toEqual({ fragments: 48, fragmentsRepeated: 2, fragmentsMissing: 0, gaps: 0 });
    expect(sessions.isOpen).toBe(false);
    const recorded = [1, 2, 3].map((n) => distreamerCapture(`persserver-persclient-meta-no-${n}.client`));
    expect(requests).toEqual(recorded);
  });

  it('ends the session when the source is gone and takes the next for a new one', () => {
    const { sessions, reader } = receiveAll(['meta-no-3']);
    expect(sessions.events.at(-1)).toEqual({ at: 9 * 4096, kind: 'end' });
    expect(reader.sourceGeneration).toBeUndefined();
    expect(reader.heldNumbers).toEqual([]);
    feedReader(reader, sessions, [server('meta-no-1')]);
    expect(sessions.continuities).toEqual(['new', 'new']);
  });

  it('takes the metadata out at the right bytes', () => {
    const { sessions, requests } = receiveAll(['meta-yes-1', 'meta-yes-2']);
    expect(requests[1]).toEqual(distreamerCapture('persserver-persclient-meta-yes-2.client'));
    expect(sessions.continuities).toEqual(['new', 'exact']);
    expect(firstBreak(sessions.bytes)).toBe(-1);
    const titles = sessions.titles;
    expect(titles).toEqual([
      { at: 0, title: 'block 199' },
      { at: titlePosition('meta-yes-1', 'block 200'), title: 'block 200' },
    ]);
    // The recorded source has a new title each 10,000 blocks; the interval of 4,000 bytes delays it by less than that.
    const block = (patternPosition(sessions.bytes) + titles[1]!.at) / 16;
    expect(block - 200 * 10_000).toBeGreaterThanOrEqual(0);
    expect(block - 200 * 10_000).toBeLessThan(4000 / 16);
  });

  it('joins Ogg with the header pages and whole pages', () => {
    for (const name of ['ogg-plain-1', 'ogg-icy-1']) {
      const { sessions } = receiveAll([name]);
      const pages = oggPages(sessions.bytes);
      expect(pages.slice(0, 3).map(({ flags, sequence }) => [flags, sequence])).toEqual([
        [2, 0],
        [0, 1],
        [0, pages[2]!.sequence],
      ]);
      expect(sessions.bytes.subarray(0, 4307)).toEqual(oggHeaderOf(name));
      const sequences = pages.slice(2).map(({ sequence }) => sequence);
      expect(sequences.length).toBeGreaterThan(3);
      expect(sequences).toEqual(sequences.map((_, index) => sequences[0]! + index));
      expect(sessions.events[0]).toMatchObject({
        options: { contentType: 'application/ogg', station: { name: 'Lab Ogg' } },
      });
    }
  });

  it('gives the same whatever the portions', () => {
    for (const name of ['meta-no-1', 'meta-yes-1', 'ogg-icy-1']) {
      const whole = receiveAll([name]).sessions;
      const same = (portions: (bytes: Buffer) => Buffer[]) => {
        const { sessions } = receiveAll([name], portions);
        return sessions.bytes.equals(whole.bytes) && JSON.stringify(sessions.events) === JSON.stringify(whole.events);
      };
      const step = 251; // coprime to all lengths in there: over the names and runs every place is met
      for (let at = 1; at < 25_000; at += step) {
        expect(same((bytes) => [bytes.subarray(0, at), bytes.subarray(at)])).toBe(true);
      }
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (sizes) => {
          expect(same((bytes) => cut(bytes, sizes))).toBe(true);
        }),
        { numRuns: 8 },
      );
    }
  });

  it('gives the same when the first kilobytes are cut at every byte', () => {
    const head = server('meta-yes-1').subarray(0, 21_000);
    const whole = new RecordingSessions();
    feedReader(new WireReader(), whole, [head]);
    const sessions = new RecordingSessions();
    feedReader(new WireReader(), sessions, cut(head, [1]));
    expect(sessions.bytes.equals(whole.bytes)).toBe(true);
    expect(sessions.length).toBeGreaterThan(20_000);
    expect(sessions.events).toEqual(whole.events);
  });

  it('drops a half fragment when the line breaks, at whatever byte, and tells of what is missing then', () => {
    const first = server('meta-yes-1');
    const again = server('meta-yes-2');
    const seen = new Set<number>();
    for (let at = 1; at <= first.length; at += 1013) {
      const reader = new WireReader();
      const sessions = new RecordingSessions();
      feedReader(reader, sessions, [first.subarray(0, at)]);
      const passed = reader.counters.fragments;
      feedReader(reader, sessions, [again]);
      const missing = passed === 0 ? 0 : 20 - passed;
      seen.add(missing);
      expect(sessions.causes).toEqual(missing > 0 ? ['line-loss'] : []);
      expect(reader.counters).toMatchObject({ fragments: passed + 13 - (missing === 0 && passed > 0 ? 1 : 0) });
      expect(reader.counters.fragmentsMissing).toBe(missing);
      const gapAt = sessions.events.find((event) => event.kind === 'discontinuity')?.at ?? sessions.length;
      expect(firstBreak(sessions.bytes.subarray(0, gapAt))).toBe(-1);
      if (gapAt < sessions.length) expect(firstBreak(sessions.bytes.subarray(gapAt))).toBe(-1);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 3, 7, 11, 15]);
  });
});

/** In each fragment of the recorded sessions stands one metadata block: the source repeats its title. */
const BLOCK_BYTES = 33;

function titlePosition(name: string, title: string): number {
  const bytes = server(name);
  const at = bytes.indexOf(title);
  const decoder = new MessageDecoder();
  let before = 0;
  let fed = 0;
  for (const portion of cut(bytes, [1])) {
    if (fed++ === at) break;
    decoder.push(portion, (message) => {
      if (message.action === 'fragment') before += message.data.length - BLOCK_BYTES;
    });
  }
  const textOffset = `StreamTitle='`.length;
  return before + decoder.heldBytes - textOffset - 1;
}

function oggHeaderOf(name: string): Buffer {
  let header: Buffer = Buffer.alloc(0);
  new MessageDecoder().push(server(name), (message) => {
    if (message.action === 'oggheader') header = message.data;
  });
  return header;
}

/** Walks whole pages; fails when one does not begin where the last ended. */
function oggPages(bytes: Buffer): { flags: number; sequence: number }[] {
  const pages: { flags: number; sequence: number }[] = [];
  for (let at = 0; at + 27 < bytes.length; ) {
    expect(bytes.toString('latin1', at, at + 4)).toBe('OggS');
    pages.push({ flags: bytes[at + 5]! & 0x02, sequence: bytes.readUInt32LE(at + 18) });
    const segments = bytes.subarray(at + 27, at + 27 + bytes[at + 26]!);
    at += 27 + segments.length + segments.reduce((sum, length) => sum + length, 0);
  }
  return pages;
}
