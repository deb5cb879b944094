import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingBytes, firstBreak } from '../../../test/support/counting-pattern.ts';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { cut, portionings } from '../../../test/support/portions.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { encodeMetadataBlock } from '../../protocols/icy/metadata-block.ts';
import type { Answer } from './answer.ts';
import { ResponseReader } from './response-reader.ts';

interface Read {
  answers: Answer[];
  audio: Buffer;
  titles: { at: number; title: string; url?: string | undefined }[];
  ended: boolean;
}

function read(portions: Iterable<Buffer>, options: { path?: string; metadata?: boolean; close?: boolean } = {}): Read {
  const parts: Buffer[] = [];
  const result: Read = { answers: [], audio: Buffer.alloc(0), titles: [], ended: false };
  let length = 0;
  const reader = new ResponseReader({
    path: options.path ?? '/live',
    metadata: options.metadata ?? true,
    sink: {
      answer: (answer) => result.answers.push(answer),
      audio: (data) => {
        parts.push(data);
        length += data.length;
      },
      metadata: ({ title, url }) => result.titles.push({ at: length, title, url }),
      ended: () => {
        result.ended = true;
      },
    },
  });
  for (const portion of portions) reader.push(portion);
  if (options.close) reader.end();
  return { ...result, audio: Buffer.concat(parts) };
}

const readText = (text: string, options?: Parameters<typeof read>[1]) => read([Buffer.from(text, 'latin1')], options);
const answerTo = (text: string, options?: Parameters<typeof read>[1]) => readText(text, options).answers[0];

describe('ResponseReader on streams', () => {
  it('reads the head of ICY, HTTP/1.0 and HTTP/1.1, with either line end', () => {
    for (const status of ['ICY 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 200', 'ICE/1.0 200 OK']) {
      for (const end of ['\r\n', '\n']) {
        const head = [status, 'icy-name: Caf\xe9', 'icy-br:128', 'Server: Some', 'content-type:audio/mpeg', '', 'ABC'];
        const { answers, audio } = readText(head.join(end));
        const station = { name: 'Café', bitrateKbps: 128 };
        expect(answers).toEqual([{ kind: 'stream', contentType: 'audio/mpeg', station, agent: 'Some' }]);
        expect(String(audio)).toBe('ABC');
      }
    }
  });

  it('takes titles out at the right byte, wherever the answer is cut', () => {
    const audio = countingBytes(0, 120);
    const block = (title: string) => encodeMetadataBlock({ title });
    const body = [audio.subarray(0, 50), block("It's; on"), audio.subarray(50, 100), [0], audio.subarray(100)];
    const bytes = Buffer.concat([
      Buffer.from('ICY 200 OK\r\nicy-metaint:50\r\n\r\n'),
      ...body.map((part) => Buffer.from(part as Buffer)),
    ]);
    for (const portions of portionings(bytes)) {
      const result = read(portions);
      expect(result.audio.equals(audio)).toBe(true);
      expect(result.titles).toEqual([{ at: 50, title: "It's; on", url: undefined }]);
    }
  });

  it('keeps the title where a block brings only a link', () => {
    const head = 'ICY 200 OK\r\nicy-metaint:1\r\n\r\n';
    const { titles } = readText(`${head}A\x01StreamTitle='a';B\x02StreamUrl='http://h/x.jpg';\0\0\0\0\0`);
    expect(titles.map(({ title, url }) => [title, url])).toEqual([
      ['a', undefined],
      ['a', 'http://h/x.jpg'],
    ]);
  });

  it('takes out titles that were not asked for, and drops them', () => {
    const { audio, titles } = readText("ICY 200 OK\r\nicy-metaint:2\r\n\r\nAB\x01StreamTitle='a';CD\0EF", {
      metadata: false,
    });
    expect(String(audio)).toBe('ABCDEF');
    expect(titles).toEqual([]);
  });

  it('takes off chunks, titles inside them, and tells the end', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nicy-metaint: 4\r\n\r\n';
    const text = `${head}3\r\nABC\r\n5;x=y\r\nD\x01Str\r\ne\r\neamTitle='t';E\r\n0\r\n\r\n`;
    for (const portions of portionings(Buffer.from(text, 'latin1'))) {
      const result = read(portions);
      expect(String(result.audio)).toBe('ABCDE');
      expect(result.titles).toEqual([{ at: 4, title: 't', url: undefined }]);
      expect(result.ended).toBe(true);
    }
    expect(() => readText(`${head}zz\r\n`)).toThrow(ProtocolViolation);
  });

  it.each(['no', 'yes'])('replays a recorded session, titles asked for: %s', (asked) => {
    const bytes = distreamerCapture(`shoutcast-pull-meta-${asked}-1.server`);
    const bodyStart = bytes.indexOf('\r\n\r\n') + 4;
    for (const portions of [[bytes], cut(bytes, [320, 336, 7]), cut(bytes, [1])]) {
      const { answers, audio, titles } = read(portions);
      expect(answers).toMatchObject([
        { kind: 'stream', contentType: 'audio/mpeg', station: { name: 'netlab pattern', bitrateKbps: 128 } },
      ]);
      expect(firstBreak(audio)).toBe(-1);
      if (asked === 'no') expect(audio.length).toBe(bytes.length - bodyStart);
      else {
        expect(titles.length).toBeGreaterThan(0);
        for (const { at } of titles) expect(at % 4000).toBe(0);
      }
    }
  });
});

describe('ResponseReader on other answers', () => {
  it.each([301, 302, 303, 307, 308])('follows %i', (status) => {
    expect(answerTo(`HTTP/1.1 ${status} Moved\r\nLocation: http://h/x\r\n\r\n<html>`)).toEqual({
      kind: 'redirect',
      location: 'http://h/x',
    });
  });

  it('says in words what is no stream', () => {
    const reasonOf = (text: string) => {
      const answer = answerTo(text);
      return answer && 'reason' in answer ? `${answer.kind}: ${answer.reason}` : answer?.kind;
    };
    expect(reasonOf('HTTP/1.0 404 Not Found\r\n\r\n')).toBe(
      'no-stream: it answers 404 Not Found: there is no such stream now',
    );
    expect(reasonOf('HTTP/1.0 302 Found\r\n\r\n')).toBe('no-stream: it answers 302 Found: without saying where to go');
    expect(reasonOf('HTTP/1.0 418 \x1b[2Jx\r\n\r\n')).toBe('no-stream: it answers 418 [2Jx');
    expect(reasonOf('HTTP/1.0 401 Unauthorized\r\n\r\n')).toBe('refused: 401 Unauthorized');
    expect(reasonOf('HTTP/1.0 403 Forbidden\r\n\r\n')).toBe('refused: 403 Forbidden');
    expect(reasonOf('ICY 401 Service Unavailable\r\n\r\n')).toBe('no-stream: it answers 401 Service Unavailable');
    expect(reasonOf('HTTP/1.0 200 OK\r\nContent-Type: image/PNG; x=y\r\n\r\n')).toBe(
      'no-stream: it sends image/png, not audio',
    );
    expect(reasonOf('HTTP/1.0 200 OK\r\nContent-Encoding: br\r\n\r\n')).toMatch(/compressed/);
    expect(reasonOf('HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n')).toBe('page');
    expect(reasonOf('HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n')).toBe('stream');
    expect(reasonOf('HTTP/1.0 200 OK\r\n\r\n')).toBe('stream');
  });

  it('reads a playlist to its length, its last chunk or the end of the connection', () => {
    const playlist = { kind: 'playlist', playlist: { format: 'm3u', entries: [{ url: 'http://h/a' }] } };
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: audio/x-mpegurl\r\n';
    expect(answerTo(`${head}Content-Length: 11\r\n\r\nhttp://h/a\nrest`)).toEqual(playlist);
    expect(answerTo(`${head}Transfer-Encoding: chunked\r\n\r\nb\r\nhttp://h/a\n\r\n0\r\n\r\n`)).toEqual(playlist);
    expect(answerTo(`${head}\r\nhttp://h/a`)).toBeUndefined();
    expect(answerTo(`${head}\r\nhttp://h/a`, { close: true })).toEqual(playlist);
    expect(answerTo('HTTP/1.1 200 OK\r\n\r\nhttp://h/a', { path: '/x.m3u', close: true })).toEqual(playlist);
    expect(answerTo(`${head}Content-Length: 0\r\n\r\n`)).toMatchObject({ playlist: { entries: [] } });
  });

  it('reads no more of a playlist than it may', () => {
    const { answers } = readText(`HTTP/1.1 200 OK\r\nContent-Type: audio/x-scpls\r\n\r\n${'x'.repeat(100_000)}`);
    expect(answers).toHaveLength(1);
  });

  it('breaks off at garbage', () => {
    for (const text of [
      '\x16\x03\x01garbage\r\n\r\n',
      '220 ftp\r\n',
      'SSH-2.0-x\r\n',
      `HTTP/1.1 200 OK\r\n${'a'.repeat(40_000)}`,
    ]) {
      expect(() => readText(text), text.slice(0, 20)).toThrow(ProtocolViolation);
    }
  });

  it('gives one answer at most, or a violation, for any bytes', () => {
    const head = fc.constantFrom('ICY 200 OK\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 302 x\r\nLocation: x\r\n');
    const header = fc.constantFrom(
      'icy-metaint: 3\r\n',
      'transfer-encoding: chunked\r\n',
      'content-type: audio/x-scpls\r\n',
    );
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(head, fc.array(header), body, fc.array(fc.nat(30)), (first, headers, rest, sizes) => {
        const bytes = Buffer.concat([Buffer.from(`${first}${headers.join('')}\r\n`), rest]);
        try {
          expect(read(cut(bytes, sizes), { close: true }).answers.length).toBeLessThanOrEqual(1);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation);
        }
      }),
      { numRuns: 300 },
    );
  });
});
