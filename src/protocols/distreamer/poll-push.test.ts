import { describe, expect, it } from 'vitest';
import { recordedPolls } from '../../../test/support/poll-capture.ts';
import { WireStudio } from '../../../test/support/wire-studio.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { PollPush } from './poll-push.ts';
import { encodePollRequest, type PollRequest } from './poll-request.ts';
import { decodeStoreList } from './store-list.ts';
import type { WireStore } from './wire-store.ts';

const RECORDED = recordedPolls('revclient-revserver', 16);
const OK = { status: 200, body: Buffer.from('OK') };

/** `GET /list POST /3 POST /list:3`: one poll of a server that holds these. */
function spellPoll(store: WireStore, held: readonly number[], between = (_number: number) => {}): string {
  const body = Buffer.from(JSON.stringify({ ...EMPTY, fragmentslist: held }));
  const poll = new PollPush(store);
  const words: string[] = [];
  for (let request: PollRequest | undefined = poll.begin(); request; ) {
    const { method, subject } = request;
    const named = request.body && subject === 'list' ? `:${decodeStoreList(request.body).fragments.join()}` : '';
    words.push(`${method} /${subject}${named}`);
    if (typeof subject === 'number') between(subject);
    request = poll.answer(method === 'GET' ? { status: 200, body } : OK);
  }
  return words.slice(1).join(' ');
}

const EMPTY = { fragmentslist: [], icyint: 0, icylist: {}, icyheaders: {}, icytitle: '', sourcegen: 1 };

describe('a client that posts', () => {
  it('asks and posts in the order of the recorded client', () => {
    const studio = new WireStudio({ firstNumber: 3 });
    let at = 0;
    const pollRecorded = () => {
      const poll = new PollPush(studio.store);
      for (let request: PollRequest | undefined = poll.begin(); request && at < RECORDED.length; at++) {
        const bytes = encodePollRequest(request, '127.0.0.1:20033', 'secret');
        const line = bytes.toString('latin1', 0, bytes.indexOf(' HTTP/1.1'));
        expect(line).toBe(RECORDED[at]!.line);
        if (request.subject === 'list' && request.body) {
          expect(decodeStoreList(request.body).fragments).toEqual(decodeStoreList(RECORDED[at]!.posted).fragments);
        }
        request = poll.answer(RECORDED[at]!);
      }
    };
    pollRecorded();
    studio.play(5);
    pollRecorded();
    // When it came next the recorded client held 11 to 15, the server 3 to 7: it posted the list first.
    studio.play(8);
    pollRecorded();
    expect(at).toBe(RECORDED.length);
  });

  it('sends the headers of the recorded client', () => {
    const body = RECORDED[3]!.posted;
    const bytes = encodePollRequest({ method: 'POST', subject: 3, body }, '127.0.0.1:20033', 'secret');
    const recorded = RECORDED[3]!.request.toString('latin1');
    expect(bytes.toString('latin1').replace('User-Agent: distream', 'User-Agent: DiStreamer')).toBe(recorded);
  });

  it('posts what is missing, holes too', () => {
    const studio = new WireStudio();
    studio.play(5);
    expect(spellPoll(studio.store, [2, 4])).toBe('POST /3 POST /5 POST /list:1,2,3,4,5');
    expect(spellPoll(studio.store, [1, 2, 3, 4, 5])).toBe('POST /list:1,2,3,4,5');
    expect(spellPoll(studio.store, [])).toBe('POST /1 POST /2 POST /3 POST /4 POST /5 POST /list:1,2,3,4,5');
  });

  it('posts the list first when the server holds what is not ours, or what it expects is gone', () => {
    const studio = new WireStudio({ firstNumber: 50 });
    studio.play(2);
    const all = 'POST /list:50,51 POST /50 POST /51 POST /list:50,51';
    expect(spellPoll(studio.store, [900])).toBe(all);
    expect(spellPoll(studio.store, [1, 2])).toBe(all);
    const dropping = new WireStudio({ maxFragments: 2 });
    dropping.play(2);
    const between = (number: number) => dropping.play(number === 1 ? 3 : 0);
    expect(spellPoll(dropping.store, [], between)).toBe('POST /1 POST /list:4,5 POST /4 POST /5 POST /list:4,5');
  });

  it('describes one source run before it posts the next', () => {
    const studio = new WireStudio();
    studio.play(2);
    studio.play(2, 4096, 'audio/aac');
    expect(spellPoll(studio.store, [1])).toBe('POST /2 POST /3 POST /list:1,2,3 POST /4 POST /5 POST /list:4,5');
    expect(spellPoll(studio.store, [700])).toMatch(/^POST \/list:1,2,3 POST \/1 /);
  });

  it.each([404, 500])('takes status %d for a violation', (status) => {
    const poll = new PollPush(new WireStudio().store);
    poll.begin();
    expect(() => poll.answer({ status, body: Buffer.alloc(0) })).toThrow(ProtocolViolation);
  });
});
