import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import { patternBytes } from '../../../test/support/frames.ts';
import { ContinuityLedger, LEDGER_BLOCK_BYTES as K } from '../../protocols/link/ledger.ts';
import { type LedgerFacts, writeLedgerDocument } from '../../protocols/link/ledger-document.ts';
import { runDistream } from '../main.ts';
import { ledgerUrl } from './ledger-source.ts';

const NINE = Date.UTC(2026, 10, 21, 9);
const AUDIO = patternBytes(0, 20 * K + 1000);

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-verify-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
});

/** A ledger with a block each four seconds from nine o'clock on. */
function ledgerText(audio = AUDIO, facts: Partial<LedgerFacts> = {}, epoch = 'e1', skip?: readonly [number, number]) {
  let at = 0;
  const ledger = new ContinuityLedger(() => NINE + (at / K) * 4000);
  for (; at < audio.length; at += K) {
    if (skip && at >= skip[0] && at < skip[1]) continue;
    if (skip && at === skip[1]) ledger.gap('line-loss', undefined);
    ledger.audio(epoch, at, audio.subarray(at, at + K), 4);
  }
  return writeLedgerDocument(ledger.snapshot(), { stream: 'morning', ticksPerSecond: 1, ...facts });
}

function put(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function verify(...args: string[]) {
  const io = new FakeIo({ DISTREAM_ADMIN_PASSWORD: 'canary-pw' });
  const code = await runDistream(['verify', ...args], io);
  return { code, out: io.stdout.replaceAll(`${folder}/`, ''), err: io.stderr.replaceAll(`${folder}/`, '') };
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('distream verify', () => {
  it('says that two ledgers are bit-identical', async () => {
    const [a, b] = [put('a.json', ledgerText()), put('b.json', ledgerText(AUDIO.subarray(0, 15 * K + 10)))];
    expect(await verify(a, b)).toEqual({
      code: 0,
      err: '',
      out: `bit-identical: 983.0 kB, 1 min 0 s (09:00:00 to 09:01:00 UTC), epoch e1
not compared: 10 bytes that both have, at the beginning, the end or beside a gap, where there are no whole blocks
`,
    });
  });

  it('says where they differ and which side lacks what', async () => {
    const changed = Buffer.from(AUDIO);
    changed[3 * K + 5]! ^= 1;
    const [a, b] = [put('a.json', ledgerText()), put('b.json', ledgerText(changed, {}, 'e1', [8 * K, 10 * K]))];
    const { code, out } = await verify(a, b);
    expect(code).toBe(1);
    expect(out).toBe(`different: 2 places; the same: 1.1 MB, 1 min 20 s (09:00:00 to 09:01:20 UTC), epoch e1
  09:00:12 UTC  65.5 kB from byte 196608 of e1: other bytes
  09:00:32 UTC  131.1 kB from byte 524288 of e1: missing in b.json (line-loss)
`);
    const json = JSON.parse((await verify(b, a, '--json')).out);
    expect(json).toMatchObject({
      result: 'different',
      identicalBytes: 17 * K + 1000,
      from: '2026-11-21T09:00:00.000Z',
    });
    expect(json.differences).toMatchObject([
      { kind: 'different', firstByte: 3 * K, at: '2026-11-21T09:00:12.000Z' },
      { kind: 'only-second', firstByte: 8 * K, endByte: 10 * K },
    ]);
  });

  it('looks only at a span of time', async () => {
    const [a, b] = [put('a.json', ledgerText()), put('b.json', ledgerText(AUDIO, {}, 'e1', [8 * K, 10 * K]))];
    expect((await verify(a, b, '--to', '2026-11-21T09:00:32Z')).out).toContain('bit-identical: 524.3 kB, 28 s');
    expect((await verify(a, b, '--from', '2026-11-21 10:00:40+01:00')).code).toBe(0);
    expect((await verify(a, b, '--from', '2026-11-22')).out).toContain('a.json: no audio in that time');
    expect(await verify(a, b, '--from', 'nine')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a time'),
    });
  });

  it('compares nothing that has nothing in common', async () => {
    const [a, b] = [put('a.json', ledgerText()), put('b.json', ledgerText(AUDIO, {}, 'e2'))];
    const { code, out } = await verify(a, b);
    expect(code).toBe(1);
    expect(out).toBe(`cannot be compared: they have no audio in common
  a.json: 2026-11-21T09:00:00.000Z to 2026-11-21T09:01:20.000Z, epoch e1
  b.json: 2026-11-21T09:00:00.000Z to 2026-11-21T09:01:20.000Z, epoch e2
`);
  });

  it('checks the bytes of a recording against its ledger', async () => {
    const stream = put('stream.json', ledgerText());
    const recording = put('09.mp3', Buffer.concat([AUDIO, Buffer.alloc(7)]));
    put('09.mp3.ledger.json', ledgerText());
    const good = await verify(recording, stream);
    expect(good.code).toBe(0);
    expect(good.out).toContain(
      "09.mp3: 1.3 MB of it were checked against its ledger's SHA-256 chain, and are the same",
    );
    expect(good.out).toContain('09.mp3: the last 7 bytes are not in its ledger yet');
    const bad = Buffer.from(AUDIO.subarray(0, 12 * K));
    bad[2 * K]! ^= 1;
    put('09.mp3', bad);
    const { code, out } = await verify(recording, stream);
    expect(code).toBe(1);
    expect(out).toContain('different: 09.mp3 is not as recorded');
    expect(out).toContain(`09.mp3: its bytes are not those of its ledger from byte ${2 * K} on`);
    expect(out).toContain('09.mp3: the last 525.3 kB are missing');
  });

  it('compares only the ledger of a recording with headers, and says so', async () => {
    const recording = put('09.opus', 'OggS');
    put('09.opus.ledger.json', ledgerText(AUDIO, { headerBytes: 58 }));
    const { code, out } = await verify(recording, put('s.json', ledgerText()));
    expect(code).toBe(0);
    expect(out).toContain('09.opus: its bytes were not checked, since headers stand between the audio');
  });

  it('asks nodes, as administrator', async () => {
    const asked: unknown[] = [];
    const origin = await serve((request, response) => {
      asked.push([request.url, Buffer.from(request.headers.authorization!.slice(6), 'base64').toString()]);
      response.end(ledgerText());
    });
    const { code, out } = await verify(
      `${origin}/my%20show?x`,
      `${origin.replace('//', '//ann:other@')}/b`,
      '--user',
      'bo',
    );
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('bit-identical: 1.3 MB') });
    expect(new Set(asked)).toEqual(
      new Set([
        ['/api/v1/streams/my%20show/ledger', 'bo:canary-pw'],
        ['/api/v1/streams/b/ledger', 'ann:other'],
      ]),
    );
  });

  it.each<[string, RequestListener, number, string]>([
    ['a wrong password', (_q, answer) => answer.writeHead(401).end(), 6, 'the user or the password is wrong'],
    ['too many', (_q, answer) => answer.writeHead(429).end(), 6, 'too many wrong passwords'],
    [
      'no stream',
      (_q, answer) => answer.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such\u001b stream\r\n'),
      5,
      'no ledger at http://127.0.0.1:PORT/x: There is no such stream',
    ],
    ['a page', (_q, answer) => answer.end('<html>'), 5, 'is no ledger that this version knows'],
    ['a redirect', (_q, answer) => answer.writeHead(302, { location: '/y' }).end(), 5, 'HTTP status 302'],
    ['no end', (_q, answer) => void answer.writeHead(200).write(Buffer.alloc(65 << 20)), 5, 'the answer is too long'],
    ['a broken line', (request) => request.socket.destroy(), 5, 'connection reset|socket hang up'],
  ])('tells of %s', async (_name, listener, code, reason) => {
    const origin = await serve(listener);
    const result = await verify(`${origin}/x`, put('a.json', ledgerText()));
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err.replace(/:\d+/, ':PORT')).toMatch(new RegExp(reason));
    expect(result.err).not.toContain('canary');
  });

  it('tells of files that are not there or hold no ledger', async () => {
    const good = put('a.json', ledgerText());
    put('x.mp3', 'audio');
    expect(await verify(good, join(folder, 'none.json'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('none.json'),
    });
    expect((await verify(good, join(folder, 'x.mp3'))).err).toContain('there is no file x.mp3.ledger.json');
    expect(await verify(good, put('b.json', '{}'))).toMatchObject({
      code: 5,
      err: expect.stringContaining('no ledger'),
    });
    expect((await verify(good, folder)).err).toContain('there is no file');
    expect(await verify(good)).toMatchObject({ code: 2 });
  });

  it('sends no password over a network in the clear', async () => {
    const { code, err } = await verify('http://ann:canary@radio.example.org/x', put('a.json', ledgerText()));
    expect(code).toBe(2);
    expect(err).toContain('would go to radio.example.org in the clear');
    expect(err).not.toContain('canary');
  });
});

describe('ledgerUrl', () => {
  it('takes the address of a stream', () => {
    expect(ledgerUrl('http://h:8000/a b').pathname).toBe('/api/v1/streams/a%20b/ledger');
    for (const wrong of ['http://h', 'http://h/', 'http://', 'http://h/%zz']) {
      expect(() => ledgerUrl(wrong)).toThrow('is no stream of a node');
    }
    expect(() => ledgerUrl('http://a:canary@h/')).toThrow(/^http:\/\/h\/ is no stream/);
  });
});
