import { describe, expect, it } from 'vitest';
import { HeadReader } from './head-reader.ts';
import { rewrittenTitleHead, titleRequestLine } from './title-request.ts';

const read = (text: string) => new HeadReader().push(Buffer.from(text, 'latin1'));

describe('a title update of an old encoder', () => {
  it('may hold raw spaces and bytes of any charset in its target', () => {
    const line = 'GET /admin.cgi?pass=x&mode=updinfo&song=Die \xc4rzte - Kr\xe4hen\t100% HTTP/1.0';
    expect(titleRequestLine(line)).toEqual({
      method: 'GET',
      target: '/admin.cgi?pass=x&mode=updinfo&song=Die%20%C4rzte%20-%20Kr%E4hen%09100%',
      version: 'HTTP/1.0',
    });
  });

  it('is taken only as GET of the two targets', () => {
    const others = [
      'GET /live.mp3?song=a b HTTP/1.0',
      'GET /admin/stats?song=a b HTTP/1.0',
      'GET /admin.cgi a?song=b HTTP/1.0',
      'GET /admin.cgix?song=a b HTTP/1.0',
      'POST /admin/metadata?song=a b HTTP/1.0',
      'PUT /admin/metadata?song=a b HTTP/1.0',
      'GET /admin/metadata?song=a b HTTP/2.0',
      'GET /admin/metadata?song=a b',
      'GET  /admin/metadata?song=a b HTTP/1.0',
    ];
    for (const line of others) {
      expect(titleRequestLine(line), line).toBeUndefined();
      expect(() => read(`${line}\r\n\r\n`), line).toThrow();
    }
  });

  it('is written anew with CRLF line ends and handed on; the bytes after it are not touched', () => {
    const head = read(
      'GET /admin/metadata?mount=/a&song=a b HTTP/1.0\nAuthorization: Basic eA==\nUser-Agent: \xfc\n\nrest',
    );
    expect(head!.raw.toString('latin1')).toBe(
      'GET /admin/metadata?mount=/a&song=a%20b HTTP/1.0\r\nauthorization: Basic eA==\r\nuser-agent: \xfc\r\n\r\n',
    );
    expect(head!.rest.toString()).toBe('rest');
  });

  it('leaves every other request as it came', () => {
    for (const line of ['GET /live.mp3 HTTP/1.0', 'GET /admin/stats HTTP/1.0', 'POST /admin.cgi HTTP/1.0']) {
      expect(read(`${line}\nA: b\n\n`)!.raw.toString(), line).toBe(`${line}\nA: b\n\n`);
    }
    const chunked = new Map([['transfer-encoding', 'chunked']]);
    const head = { method: 'GET', target: '/admin.cgi?a', version: 'HTTP/1.1', headers: chunked } as const;
    expect(rewrittenTitleHead(head)).toBeUndefined();
  });

  it('takes no longer for a long line that does not end as it should', () => {
    expect(titleRequestLine(`GET /admin.cgi?${' HTTP/1.'.repeat(2000)}`)).toBeUndefined();
  });
});
