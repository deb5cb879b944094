import { describe, expect, it } from 'vitest';
import { firstBreak } from '../../../test/support/counting-pattern.ts';
import { oggPage } from '../../../test/support/ogg.ts';
import { recordedPolls } from '../../../test/support/poll-capture.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { recordingWireSink } from '../../../test/support/recording-wire-sink.ts';
import { WireStudio } from '../../../test/support/wire-studio.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { PollPull } from './poll-pull.ts';
import { encodePollRequest, type PollRequest } from './poll-request.ts';
import { WireReader } from './wire-reader.ts';
import type { WireStore } from './wire-store.ts';

const RECORDED = recordedPolls('server-client', 18);

class Client {
  readonly reader = new WireReader({ oggHeaderIn: 'list' });
  readonly sessions = new RecordingSessions();

  constructor() {
    this.connect();
  }

  connect(): void {
    this.sessions.close();
    this.reader.connect(recordingWireSink(this.sessions));
  }

  /** Polls a store; `limit` requests are answered, then the line breaks. Gives what was asked. */
  poll(store: WireStore, limit = Number.POSITIVE_INFINITY): string[] {
    const poll = new PollPull(this.reader);
    const asked: string[] = [];
    for (let request: PollRequest | undefined = poll.begin(); request; ) {
      if (asked.length === limit) {
        poll.abandon();
        break;
      }
      asked.push(String(request.subject));
      request = poll.answer(answerOf(store, request));
    }
    return asked;
  }
}

function answerOf(store: WireStore, { subject }: PollRequest) {
  const body = subject === 'list' ? store.pollList(store.nextNumber - 1) : store.get(subject)?.data;
  return { status: body ? 200 : 404, body: body ?? Buffer.from(`Invalid fragment ${subject}`) };
}

describe('a polling client', () => {
  it('asks the recorded server as the recorded client, byte for byte, and takes its answers', () => {
    const client = new Client();
    let at = 0;
    while (at < RECORDED.length) {
      const poll = new PollPull(client.reader);
      for (let request: PollRequest | undefined = poll.begin(); request; at++) {
        const bytes = encodePollRequest(request, '127.0.0.1:20013', 'secret').toString();
        expect(bytes.replace('distream\r', 'DiStreamer\r')).toBe(RECORDED[at]!.request.toString());
        request = poll.answer(RECORDED[at]!);
      }
    }
    const { sessions, reader } = client;
    expect(sessions.continuities).toEqual(['new']);
    // The recorded server kept 1.25 s, the recorded client asked every two seconds.
    expect(reader.counters).toEqual({ fragments: 15, fragmentsRepeated: 0, fragmentsMissing: 6, gaps: 2 });
    expect(sessions.causes).toEqual(['eviction', 'eviction']);
    const [first, second] = sessions.events.filter(({ kind }) => kind === 'discontinuity');
    for (const part of [
      sessions.bytes.subarray(0, first!.at),
      sessions.bytes.subarray(first!.at, second!.at),
      sessions.bytes.subarray(second!.at),
    ]) {
      expect(part.length).toBeGreaterThan(20_000);
      expect(firstBreak(part)).toBe(-1);
    }
    expect(sessions.titles[0]).toEqual({ at: 0, title: 'block 200' });
  });

  it('asks only for what is new, and nothing when nothing is', () => {
    const studio = new WireStudio({ maxFragments: 100 });
    const client = new Client();
    expect(client.poll(studio.store)).toEqual(['list']);
    studio.play(3);
    expect(client.poll(studio.store)).toEqual(['list', '1', '2', '3']);
    expect(client.poll(studio.store)).toEqual(['list']);
    studio.play(1);
    expect(client.poll(studio.store)).toEqual(['list', '4']);
    expect(firstBreak(client.sessions.bytes)).toBe(-1);
  });

  it('keeps what came before the line broke, and goes on after it', () => {
    const studio = new WireStudio({ maxFragments: 100, metadataInterval: 3000 });
    const client = new Client();
    studio.play(6);
    expect(client.poll(studio.store, 4)).toEqual(['list', '1', '2', '3']);
    expect(client.reader.heldNumbers).toEqual([1, 2, 3]);
    client.connect();
    expect(client.poll(studio.store)).toEqual(['list', '4', '5', '6']);
    expect(client.sessions.continuities).toEqual(['new', 'exact']);
    expect(firstBreak(client.sessions.bytes)).toBe(-1);
    expect(client.sessions.causes).toEqual([]);
  });

  it('takes the end of a source run although the list of the next one does not name it', () => {
    const studio = new WireStudio({ maxFragments: 100 });
    const client = new Client();
    studio.play(2);
    client.poll(studio.store);
    studio.play(2);
    studio.play(2, 4096, 'audio/aac');
    expect(client.poll(studio.store)).toEqual(['list', '3', '4', '5', '6', '7']);
    expect(client.sessions.continuities).toEqual(['new', 'new']);
    expect(firstBreak(client.sessions.bytes)).toBe(-1);
  });

  it('goes on when a fragment was dropped before it was asked for', () => {
    const studio = new WireStudio({ maxFragments: 4 });
    const client = new Client();
    studio.play(1);
    client.poll(studio.store);
    studio.play(3);
    const poll = new PollPull(client.reader);
    let request = poll.answer(answerOf(studio.store, poll.begin()));
    studio.play(2);
    const asked: unknown[] = [];
    while (request) {
      asked.push(request.subject);
      request = poll.answer(answerOf(studio.store, request));
    }
    expect([asked, poll.gone]).toEqual([[2, 3, 4], 1]);
    expect(client.reader.counters).toMatchObject({ fragments: 3, fragmentsMissing: 1, gaps: 1 });
  });

  it.each([404, 500, 302])('takes status %d instead of a list for a violation', (status) => {
    const poll = new PollPull(new Client().reader);
    poll.begin();
    expect(() => poll.answer({ status, body: Buffer.alloc(0) })).toThrow(ProtocolViolation);
  });

  it('joins an Ogg stream with the header pages from the list', () => {
    const page = oggPage(Buffer.from('audio'), { sequence: 2 });
    const headers = Buffer.concat([
      oggPage(Buffer.from('one'), { flags: 2 }),
      oggPage(Buffer.from('two'), { sequence: 1 }),
    ]);
    const client = new Client();
    const list = {
      fragmentslist: [5],
      icyint: 0,
      icylist: {},
      icyheaders: {},
      icytitle: '',
      sourcegen: 1,
      oggheader: headers.toString('base64'),
    };
    const poll = new PollPull(client.reader);
    poll.begin();
    poll.answer({ status: 200, body: Buffer.from(JSON.stringify(list)) });
    poll.answer({ status: 200, body: Buffer.concat([Buffer.from('rest of a page'), page]) });
    expect(client.sessions.bytes).toEqual(Buffer.concat([headers, page]));
  });
});
