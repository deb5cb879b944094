import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { recordingInput } from '../../../test/support/recording-session.ts';
import { UnstableLine } from '../../../test/support/unstable-line.ts';
import { DistreamError } from '../../core/errors.ts';
import client from './index.ts';

/** Runs the client once against a server that answers `answer`, then closes when asked. */
async function attempt(answer: string | Buffer, then: 'close' | 'silence' = 'silence', memory = new Map()) {
  const clock = new FakeClock();
  const line = new UnstableLine({ clock, random: () => 0.5 });
  const asked: Buffer[] = [];
  await line.listen({ host: '::', port: 4080 }, (socket: Socket) => {
    socket.on('data', (chunk: Buffer) => asked.push(chunk));
    socket.write(answer);
    if (then === 'close') socket.end();
  });
  const abort = new AbortController();
  const options = client.schema.parse({ url: 'http://studio', password: 'secret' });
  const input = recordingInput(options, { clock, network: line, signal: abort.signal, memory });
  let ended: unknown = 'running';
  const run = client.run(input.context).then(
    () => (ended = 'stopped'),
    (error: unknown) => (ended = error),
  );
  await clock.run(4000);
  return { ...input, clock, line, abort, run, asked: () => Buffer.concat(asked).toString(), ended: () => ended };
}

describe('the persistent pull client', () => {
  it.each([
    ['an HTML page', 'HTTP/1.1 404 Not Found\r\n\r\n<html>', 'PROTOCOL_VIOLATION'],
    ['garbage', Buffer.alloc(5000, 0x80), 'PROTOCOL_VIOLATION'],
    ['a list that is none', 'list|2\r\n[]\r\n', 'PROTOCOL_VIOLATION'],
    ['a refusal', 'err|18\r\nPassword incorrect\r\n', 'REFUSED'],
  ])('that is answered with %s fails with %s', async (_, answer, code) => {
    const { ended, line, clock, sessions } = await attempt(answer);
    expect(ended()).toBeInstanceOf(DistreamError);
    expect(ended()).toMatchObject({ code });
    await clock.run(100);
    expect([line.openSockets, clock.pendingCount, sessions.events.length]).toEqual([0, 0, 0]);
  });

  it('gives up after 5 s of silence, and at once when the server closes', async () => {
    const { ended, clock } = await attempt('oggheader|0\r\n\r\n');
    expect(ended()).toBe('running');
    await clock.run(2000);
    expect(ended()).toMatchObject({ code: 'TIMED_OUT', message: 'studio:4080 sent nothing for 5 s' });
    expect((await attempt('oggheader|0\r\n\r\n', 'close')).ended()).toMatchObject({ code: 'CLOSED_BY_PEER' });
  });

  it('stops when it is told to, and leaves nothing behind', async () => {
    const { abort, run, ended, clock, line, sessions } = await attempt(
      distreamerCapture('persserver-persclient-meta-no-1.server'),
    );
    expect(sessions.isOpen).toBe(true);
    abort.abort();
    await run;
    expect(ended()).toBe('stopped');
    expect(sessions.isOpen).toBe(false);
    await clock.run(100);
    expect([line.openSockets, clock.pendingCount]).toEqual([0, 0]);
  });

  it('asks and continues as the recorded client, and shows what it did', async () => {
    const memory = new Map();
    const recorded = (n: number) => distreamerCapture(`persserver-persclient-meta-yes-${n}.server`);
    const first = await attempt(recorded(1), 'close', memory);
    expect(first.asked()).toBe('GET /secret/ HTTP/1.1\r\n\r\n');
    expect(first.sessions.events[0]).toMatchObject({
      kind: 'open',
      options: {
        continuity: 'new',
        contentType: 'audio/mpeg',
        station: { name: 'netlab pattern', bitrateKbps: 128, isPublic: false },
        peer: 'studio:4080',
      },
    });
    const second = await attempt(recorded(2), 'silence', memory);
    expect(second.asked()).toBe('GET /secret/22/23/24/25/26 HTTP/1.1\r\n\r\n');
    expect(second.sessions.continuities).toEqual(['exact']);
    expect(second.report()).toEqual({
      counters: { fragments: 33, fragments_repeated: 1, fragments_missing: 0, gaps: 0 },
      detail: { sourceGeneration: 1, newestFragment: 38 },
    });
    second.abort.abort();
    await second.run;
  });

  it.each(['https://studio:4080', 'http://u:p@studio', 'studio/live', ''])('refuses the url %j', (url) => {
    expect(client.schema.safeParse({ url }).success).toBe(false);
  });
});
