import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstBreak, patternPosition } from '../../../test/support/counting-pattern.ts';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { cut, portionings } from '../../../test/support/portions.ts';
import { RecordingSessions } from '../../../test/support/recording-session.ts';
import { recordingWireSink } from '../../../test/support/recording-wire-sink.ts';
import { spellMessages } from '../../../test/support/spell-messages.ts';
import { WireStudio } from '../../../test/support/wire-studio.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { encodePushAnswer, encodePushLogin } from './push-login.ts';
import { PushReceiver, PushSender, withoutError } from './push-session.ts';
import { WireReader } from './wire-reader.ts';

const recorded = (n: number, side: 'client' | 'server') =>
  distreamerCapture(`persrevclient-persrevserver-${n}.${side}`);

/** A server that the recorded client connects to, one connection after the other. */
class Server {
  readonly reader = new WireReader();
  readonly sessions = new RecordingSessions();

  /** The answer to one connection's bytes. */
  connection(portions: Iterable<Buffer>, password = 'secret'): { answer: Buffer; isRefused: boolean } {
    const receiver = new PushReceiver({
      password,
      onLogin: () => {
        this.sessions.close();
        this.reader.connect(recordingWireSink(this.sessions));
        return this.reader.heldNumbers;
      },
      onMessage: (message) => this.reader.push(withoutError(message)),
    });
    const answers: Buffer[] = [];
    for (const portion of portions) {
      receiver.receive(portion);
      answers.push(receiver.next() ?? Buffer.alloc(0));
    }
    return { answer: Buffer.concat(answers), isRefused: receiver.isRefused };
  }
}

describe('a persistent push server', () => {
  it('answers the recorded client as the recorded server, and takes every byte once', () => {
    const server = new Server();
    expect(server.connection([recorded(1, 'client')]).answer).toEqual(recorded(1, 'server'));
    expect(server.sessions.causes).toEqual([]);
    expect(server.connection([recorded(2, 'client')]).answer).toEqual(recorded(2, 'server'));
    const { sessions, reader } = server;
    expect(sessions.continuities).toEqual(['new', 'exact']);
    // The recorded client kept five fragments: 16 and 17 were gone when it came back.
    expect(sessions.causes).toEqual(['line-loss']);
    expect(reader.counters).toMatchObject({ fragmentsMissing: 2, gaps: 1, fragmentsRepeated: 0 });
    const gapAt = sessions.events.find(({ kind }) => kind === 'discontinuity')!.at;
    const [before, after] = [sessions.bytes.subarray(0, gapAt), sessions.bytes.subarray(gapAt)];
    expect([firstBreak(before), firstBreak(after)]).toEqual([-1, -1]);
    expect(patternPosition(after) - patternPosition(before) - before.length).toBeLessThanOrEqual(2 * 4096);
    expect(sessions.titles.map(({ title }) => title)).toEqual(['block 201', 'block 202']);
  });

  it('does the same whatever the portions', () => {
    const whole = new Server();
    whole.connection([recorded(1, 'client')]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (sizes) => {
        const server = new Server();
        expect(server.connection(cut(recorded(1, 'client'), sizes)).answer).toEqual(recorded(1, 'server'));
        expect(server.sessions.bytes.equals(whole.sessions.bytes)).toBe(true);
        expect(server.sessions.events).toEqual(whole.sessions.events);
      }),
      { numRuns: 15 },
    );
  });

  it('understands the handshake cut at every byte', () => {
    for (const portions of portionings(recorded(1, 'client').subarray(0, 140))) {
      expect(new Server().connection(portions).answer).toEqual(recorded(1, 'server'));
    }
  });

  it('refuses a wrong password as the original, and takes nothing more', () => {
    const server = new Server();
    const { answer, isRefused } = server.connection(cut(recorded(1, 'client'), [100]), 'other');
    expect([answer.toString(), isRefused]).toEqual(['err|Invalid password\r\n', true]);
    expect(server.sessions.events).toEqual([]);
  });

  it.each([
    ['a request', 'GET / HTTP/1.1\r\n'],
    ['an endless line', 'x'.repeat(5000)],
    ['no message', 'secret\r\nhello\r\n'],
    ['a refusal', 'secret\r\nerr|2\r\nno\r\n'],
  ])('takes %s for a violation', (_, text) => {
    expect(() => new Server().connection([Buffer.from(text)])).toThrow(ProtocolViolation);
  });
});

/** What a sender says: at once, and after each portion of the answer. */
function converse(sender: PushSender, portions: Iterable<Buffer>): Buffer {
  const said = [drain(sender)];
  for (const portion of portions) {
    sender.receive(portion);
    said.push(drain(sender));
  }
  return Buffer.concat(said);
}

function drain(sender: PushSender): Buffer {
  const parts: Buffer[] = [];
  for (let bytes = sender.next(); bytes; bytes = sender.next()) parts.push(bytes);
  return Buffer.concat(parts);
}

const LOGIN = 'secret\r\n';

describe('a persistent push client', () => {
  it('says to the recorded server what the recorded client said, in its order, the answer cut at every byte', () => {
    for (const portions of portionings(recorded(1, 'server'))) {
      const studio = new WireStudio();
      const sender = new PushSender({ store: studio.store, password: 'secret' });
      const said = converse(sender, portions);
      // "oggheader|0" and an empty list, byte for byte but for the order of the JSON's keys.
      expect(said.subarray(0, 23)).toEqual(recorded(1, 'client').subarray(0, 23));
      expect(spellMessages(said.subarray(LOGIN.length))).toBe('oggheader list:');
      studio.play(3);
      sender.interval();
      expect(spellMessages(drain(sender))).toBe('1 2 3 list:1,2,3');
    }
  });

  it('sends what the recorded server does not name', () => {
    for (const portions of portionings(recorded(2, 'server'))) {
      const studio = new WireStudio({ firstNumber: 1 });
      studio.play(18);
      const sender = new PushSender({ store: studio.store, password: 'secret' });
      const said = converse(sender, portions).subarray(LOGIN.length);
      expect(spellMessages(said)).toBe('oggheader 16 17 18 list:14,15,16,17,18');
      expect(sender.evicted).toBe(0);
    }
  });

  it('says nothing but the password before the answer, nor after a refusal', () => {
    const studio = new WireStudio();
    studio.play(2);
    const sender = new PushSender({ store: studio.store, password: 'pass wörd/' });
    expect(drain(sender).toString()).toBe('pass wörd/\r\n');
    sender.interval();
    expect(drain(sender).length).toBe(0);
    sender.receive(Buffer.from('err|Invalid password\r\n'));
    expect(sender.refusal).toBe('Invalid password');
    expect([drain(sender).length, sender.isFeeding]).toEqual([0, false]);
  });

  it.each(['HTTP/1.1 200 OK\r\n', 'ok|1/x\r\n', 'ok|-1\r\n', `ok|${'1/'.repeat(70_000)}\r\n`, '\r\n'])(
    'takes %j for a violation',
    (answer) => {
      const sender = new PushSender({ store: new WireStudio().store, password: '' });
      expect(() => sender.receive(Buffer.from(answer))).toThrow(ProtocolViolation);
    },
  );

  it('never crashes on other answers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('', 'ok|', 'err|'), (bytes, start) => {
        const sender = new PushSender({ store: new WireStudio().store, password: '' });
        try {
          sender.receive(Buffer.concat([Buffer.from(start), bytes]));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('names at most 4,096 numbers, and no line break of a password', () => {
    const numbers = Array.from({ length: 5000 }, (_, index) => index);
    expect(encodePushAnswer(numbers).toString().split('/').length).toBe(4096);
    expect(encodePushLogin('a\r\nb').toString()).toBe('ab\r\n');
  });
});
