import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asDialect2, linesOf, pdtpCapture } from '../../../test/support/pdtp-capture.ts';
import { ProtocolViolation } from '../../core/errors.ts';
import { decodeClientMessage } from './decode-client-message.ts';
import { decodeServerMessage } from './decode-server-message.ts';
import { encodeClientMessage, encodeServerMessage } from './encode-message.ts';
import type { ClientMessage, MalformedMessage, ServerMessage } from './messages.ts';

const URL = 'http://example.com/small.bin';
const RANGE = { min: 0, max: 4999 };

const CLIENT: [ClientMessage, string, string?][] = [
  [
    { type: 'register', clientId: '34b2dd', listenPort: 8100 },
    '["client_info",{"listen_port":8100,"client_id":"34b2dd"}]',
    '["register",{"listen_port":8100,"client_id":"34b2dd"}]',
  ],
  [{ type: 'ask_info', url: URL }, `["ask_info",{"url":"${URL}"}]`],
  [{ type: 'request', url: URL, range: undefined }, `["request",{"url":"${URL}"}]`],
  [{ type: 'request', url: URL, range: { min: 10 } }, `["request",{"url":"${URL}","range":{"min":10}}]`],
  [{ type: 'unrequest', url: URL, range: {} }, `["unrequest",{"url":"${URL}","range":{}}]`],
  [{ type: 'provide', url: URL, range: RANGE }, `["provide",{"url":"${URL}","range":{"min":0,"max":4999}}]`],
  [{ type: 'unprovide', url: URL, range: { max: 9 } }, `["unprovide",{"url":"${URL}","range":{"max":9}}]`],
  [
    { type: 'ask_verify', url: URL, range: RANGE, peer: '127.0.0.1', peerId: 'a' },
    `["ask_verify",{"url":"${URL}","peer":"127.0.0.1","range":{"min":0,"max":4999},"peer_id":"a"}]`,
  ],
  [
    { type: 'completed', url: URL, range: RANGE, peer: 'localhost', peerId: 'a', hash: undefined },
    `["completed",{"url":"${URL}","peer":"localhost","range":{"min":0,"max":4999},"peer_id":"a","hash":null}]`,
  ],
  [
    { type: 'completed', url: URL, range: RANGE, peer: undefined, peerId: 'a', hash: '00' },
    `["completed",{"url":"${URL}","range":{"min":0,"max":4999},"peer_id":"a","hash":"00"}]`,
  ],
];

const SERVER: [ServerMessage, string, string?][] = [
  [
    { type: 'tell_info', url: URL, file: { size: 23_456, chunkSize: 5000, isStreaming: false }, error: undefined },
    `["tell_info",{"url":"${URL}","size":23456,"chunk_size":5000,"streaming":false}]`,
    `["tell_info",{"url":"${URL}","size":23456,"chunk_size":5000,"chunkSize":5000,"streaming":false}]`,
  ],
  [
    { type: 'transfer', host: '127.0.0.1', port: 8000, method: 'get', url: URL, range: RANGE, peerId: 'd75027' },
    `["transfer",{"host":"127.0.0.1","port":8000,"method":"get","url":"${URL}","range":{"min":0,"max":4999},"peer_id":"d75027"}]`,
    `["transfer",{"host":"127.0.0.1","peer":"127.0.0.1","port":8000,"method":"get","url":"${URL}","range":{"min":0,"max":4999},"peer_id":"d75027"}]`,
  ],
  [
    { type: 'tell_verify', url: URL, range: RANGE, peer: '::1', peerId: 'a', isAuthorized: true },
    `["tell_verify",{"url":"${URL}","peer_id":"a","range":{"min":0,"max":4999},"peer":"::1","is_authorized":true}]`,
    `["tell_verify",{"url":"${URL}","peer_id":"a","range":{"min":0,"max":4999},"peer":"::1","is_authorized":true,"authorized":true}]`,
  ],
  [
    { type: 'hash_verify', url: URL, range: RANGE, isHashOk: false },
    `["hash_verify",{"url":"${URL}","range":{"min":0,"max":4999},"hash_ok":false}]`,
  ],
  [{ type: 'protocol_warn', message: 'not "here"' }, '["protocol_warn",{"message":"not \\"here\\""}]'],
  [{ type: 'protocol_error', message: 'gone' }, '["protocol_error",{"message":"gone"}]'],
];

const counted = (json: string) => asDialect2([`${json}\r\n`]);
const client = (json: string) => decodeClientMessage(Buffer.from(json));
const server = (json: string) => decodeServerMessage(Buffer.from(json));

describe('messages of clients', () => {
  it.each(CLIENT)('%j have golden bytes and are read back', (message, line, draft = line) => {
    expect(encodeClientMessage(message, 1).toString()).toBe(`${line}\n`);
    expect(encodeClientMessage(message, 2)).toEqual(counted(draft));
    for (const json of [line, draft]) expect(client(json)).toEqual(message);
  });

  it.each([
    '["frobnicate",{"a":1}]',
    '["request",{}]',
    '["request",{"url":null}]',
    '["request",{"url":5}]',
    '["client_info",{"client_id":"e04","listen_port":"9000"}]',
    '["client_info",{"client_id":"e31","listen_port":9000.0}]',
    '["client_info",{"client_id":"e31","listen_port":1e308}]',
    '["client_info",{"client_id":"e31","listen_port":18446744073709551616}]',
    '["client_info",{"client_id":"e31"}]',
    '["client_info",{"client_id":null,"listen_port":9000}]',
    '["client_info",{"client_id":"a\\r\\nb","listen_port":9000}]',
    `["client_info",{"client_id":"${'x'.repeat(4096)}","listen_port":9000}]`,
    `["ask_info",{"url":"${'x'.repeat(4097)}"}]`,
    'hello there',
    '{"type":"ask_info","url":"http://example.com/small.bin"}',
    '["ask_info","x"]',
    '',
    'null',
    '5',
    '[]',
    '[5,{}]',
    '[["ask_info"],{}]',
    '["__proto__",{}]',
    '["constructor",{}]',
    '["tell_info",{"url":"http://example.com/small.bin"}]',
    '["ask_verify",{"url":"u","range":{"min":0,"max":1},"peer":"not-an-ip","peer_id":"a"}]',
    '["ask_verify",{"url":"u","range":{"min":0,"max":1},"peer":"fe80::1%eth0","peer_id":"a"}]',
    '["ask_verify",{"url":"u","range":{"min":0,"max":1},"peer":"1.2.3.400","peer_id":"a"}]',
    '["ask_verify",{"url":"u","range":null,"peer":"127.0.0.1","peer_id":"a"}]',
    '["request",{"url":"u","range":5}]',
    '["request",{"url":"u","range":[0,1]}]',
    '["completed",{"url":"u","range":{},"peer_id":"a","hash":5}]',
  ])('%j close the connection', (json) => expect(() => client(json)).toThrow(ProtocolViolation));

  it.each([
    '["ask_info"]',
    '["ask_info",null]',
    '["ask_info",5]',
    '["ask_info",[]]',
    '["request",{"url":"u","range":{"min":"a"}}]',
    '["request",{"url":"u","range":{"min":1.5}}]',
    '["request",{"url":"u","range":{"min":12000,"max":7}}]',
    '["provide",{"url":"u","range":{"min":-1}}]',
    '["completed",{"url":null,"peer":"127.0.0.1","range":null,"peer_id":null,"hash":null}]',
    '["completed",{"url":"u","peer":"127.0.0.1","range":{"min":0,"max":1},"peer_id":null,"hash":null}]',
  ])('%j are passed over', (json) => expect(client(json)).toMatchObject({ type: 'malformed' }));

  it('take unknown fields, a third element, both names and any order', () => {
    expect(client('["ask_info",{"colour":{"a":[1]},"url":"u"},"third"]\r')).toEqual({ type: 'ask_info', url: 'u' });
    expect(client('["register",{"client_id":"","listen_port":-5}]')).toEqual({
      type: 'register',
      clientId: '',
      listenPort: 0,
    });
    expect(client('["request",{"url":"u","range":null}]')).toEqual({ type: 'request', url: 'u', range: undefined });
    expect(client('["protocol_error",{}]')).toEqual({ type: 'protocol_error', message: '' });
    expect(
      client('["ask_verify",{"url":"u","range":{"min":9,"max":2},"peer":"::ffff:1.2.3.4","peer_id":"a"}]'),
    ).toEqual({
      type: 'ask_verify',
      url: 'u',
      range: { min: 9, max: 2 },
      peer: '::ffff:1.2.3.4',
      peerId: 'a',
    });
  });
});

describe('messages of servers', () => {
  it.each(SERVER)('%j have golden bytes and are read back', (message, line, draft = line) => {
    expect(encodeServerMessage(message, 1).toString()).toBe(`${line}\n`);
    expect(encodeServerMessage(message, 2)).toEqual(counted(draft));
    for (const json of [line, draft]) expect(server(json)).toEqual(message);
  });

  it('tell of an unknown file by what they leave out', () => {
    const message: ServerMessage = { type: 'tell_info', url: URL, file: undefined, error: undefined };
    expect(encodeServerMessage(message, 1).toString()).toBe(`["tell_info",{"url":"${URL}"}]\n`);
    expect(encodeServerMessage(message, 2)).toEqual(counted(`["tell_info",{"url":"${URL}","error":"not found"}]`));
    expect(server('["tell_info",{"url":"u","error":"no\\u001b[2J"}]')).toMatchObject({
      file: undefined,
      error: 'no [2J',
    });
  });

  it('are read under the names of the draft alone', () => {
    expect(server('["tell_info",{"url":"u","size":7,"chunkSize":5}]')).toMatchObject({
      file: { size: 7, chunkSize: 5, isStreaming: false },
    });
    expect(
      server(
        '["transfer",{"peer":"a.example","port":1,"method":"put","url":"u","range":{"min":0,"max":1},"peer_id":"p"}]',
      ),
    ).toMatchObject({ type: 'transfer', host: 'a.example', method: 'put' });
    expect(
      server('["tell_verify",{"url":"u","peer":"::1","range":{"min":0},"peer_id":"p","authorized":true}]'),
    ).toMatchObject({ isAuthorized: true });
  });

  it('never order a put in dialect 1', () => {
    const put = { ...(SERVER[1]![0] as ServerMessage & { type: 'transfer' }), method: 'put' as const };
    expect(() => encodeServerMessage(put, 1)).toThrow(RangeError);
    expect(encodeServerMessage(put, 2).toString()).toContain('"method":"put"');
  });

  const order = (fields: string) =>
    server(
      `["transfer",{"host":"h","port":1,"method":"get","url":"u","range":{"min":0,"max":1},"peer_id":"p",${fields}}]`,
    );

  it.each([
    ['"port":0'],
    ['"port":65536'],
    ['"method":"post"'],
    ['"method":"GET"'],
    ['"host":"h/x"'],
    ['"host":"h\\r\\nX: y"'],
    ['"host":"256.1.1.1"'],
    ['"host":"2130706433"'],
    ['"host":"127.1"'],
    ['"host":"0x7f.1"'],
    ['"host":"0x"'],
    ['"host":"user@h"'],
    ['"host":"[::1]"'],
    ['"host":""'],
    ['"range":{"min":20000}'],
    ['"range":{"min":5,"max":4}'],
    ['"range":{"min":-1,"max":4}'],
  ])('with %s order nothing', (fields) => expect(order(fields)).toMatchObject({ type: 'unusable_transfer' }));

  it.each([['"port":"80"'], ['"port":null'], ['"range":null'], ['"peer_id":7'], ['"host":null']])(
    'with %s close the connection',
    (fields) => expect(() => order(fields)).toThrow(ProtocolViolation),
  );

  it.each([
    '["tell_info",{"url":"u","size":-1,"chunk_size":5000}]',
    '["tell_info",{"url":"u","size":1,"chunk_size":0}]',
    '["tell_info",{"url":"u","size":1,"chunk_size":2000000000}]',
    '["tell_info",{"url":"u","size":9007199254740991,"chunk_size":1}]',
    '["request",{"url":"u"}]',
  ])('%j are passed over', (json) => expect(server(json)).toMatchObject({ type: 'malformed' }));

  it.each(['["dance",{"a":1}]', '["tell_info",{"url":"u","size":"7"}]', '["hash_verify",{"url":"u","range":{}}]'])(
    '%j close the connection',
    (json) => expect(() => server(json)).toThrow(ProtocolViolation),
  );
});

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const id = text.filter((value) => !/[\u0000-\u001f\u007f]/.test(value));
const range = fc.record({ min: fc.maxSafeInteger(), max: fc.maxSafeInteger() }, { requiredKeys: [] });
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((value) => globalThis.URL.canParse(`http://[${value}]/`)),
);
const isMalformed = (message: { type: string }): message is MalformedMessage => message.type === 'malformed';

describe('any message', () => {
  it.each([1, 2] as const)('comes back from its bytes in dialect %d', (dialect) => {
    const bodyOf = (frame: Buffer) => (dialect === 1 ? frame : frame.subarray(2));
    const question = fc.record({ url: text, range, peer: address, peerId: id });
    fc.assert(
      fc.property(question, fc.boolean(), fc.option(text, { nil: undefined }), (fields, isYes, hash) => {
        const said: ClientMessage[] = [
          { type: 'ask_verify', ...fields },
          { type: 'completed', ...fields, hash },
          { type: 'register', clientId: fields.peerId, listenPort: 1 + (fields.url.length % 65_535) },
        ];
        for (const message of said) {
          expect(decodeClientMessage(bodyOf(encodeClientMessage(message, dialect)))).toEqual(message);
        }
        const told: ServerMessage[] = [
          { type: 'tell_verify', ...fields, isAuthorized: isYes },
          { type: 'hash_verify', url: fields.url, range: fields.range, isHashOk: isYes },
        ];
        for (const message of told) {
          expect(decodeServerMessage(bodyOf(encodeServerMessage(message, dialect)))).toEqual(message);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of the original is written again with the same bytes', () => {
    const said = [
      '1-one-client/pdtp-client',
      '1-one-client/pdtp-seed',
      '2-two-clients/pdtp-client-b',
      '6-original-against-a-hand-server/seed',
    ];
    for (const name of said) {
      for (const line of linesOf(pdtpCapture(`${name}.client`))) {
        const message = client(line);
        if (!isMalformed(message)) expect(encodeClientMessage(message, 1).toString()).toBe(`${line}\n`);
      }
    }
    for (const name of [
      '1-one-client/pdtp-client',
      '1-one-client/pdtp-seed',
      '3-errors/t01-hand-taker',
      '3-errors/e22-other-host-and-forms',
    ]) {
      for (const line of linesOf(pdtpCapture(`${name}.server`))) {
        expect(encodeServerMessage(server(line) as ServerMessage, 1).toString()).toBe(`${line}\n`);
      }
    }
  });

  it('of random JSON or bytes is refused or read, never worse', () => {
    const commands = fc.constantFrom(
      'client_info',
      'ask_info',
      'request',
      'ask_verify',
      'completed',
      'transfer',
      'tell_info',
    );
    const names = fc.constantFrom(
      'url',
      'range',
      'peer',
      'peer_id',
      'host',
      'port',
      'method',
      'size',
      'chunk_size',
      'client_id',
    );
    const values = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('u', 1, -1, null, { min: 0, max: 5 }, { min: 'a' }),
    );
    const json = fc.tuple(commands, fc.dictionary(names, values)).map((body) => Buffer.from(JSON.stringify(body)));
    const bytes = fc.uint8Array({ maxLength: 80 }).map((noise) => Buffer.from(noise));
    fc.assert(
      fc.property(fc.oneof(json, bytes), (body) => {
        for (const decode of [decodeClientMessage, decodeServerMessage]) {
          try {
            expect(decode(body)).toHaveProperty('type');
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolViolation);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
