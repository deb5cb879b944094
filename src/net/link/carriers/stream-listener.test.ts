import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.ts';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from '../../../../test/support/localhost-certificate.ts';
import { RawClient } from '../../../../test/support/raw-client.ts';
import { RENEWED_CERTIFICATE, RENEWED_KEY } from '../../../../test/support/renewed-certificate.ts';
import { StreamCarrierRig } from '../../../../test/support/stream-carriers.ts';
import { encodeFrame as lengthFrame } from '../../../protocols/link/stream-framing.ts';
import { encodeFrame, OPCODE } from '../../../protocols/websocket/frame.ts';
import { upgradeRequest } from '../../../protocols/websocket/upgrade.ts';

const HELLO = Buffer.alloc(300, 'h');
const MASK = Buffer.of(1, 2, 3, 4);
const UPGRADE = upgradeRequest({ host: 'x', path: '/', key: 'dGhlIHNhbXBsZSBub25jZQ==' }).toString('latin1');

let rig: StreamCarrierRig;
const clients: RawClient[] = [];

beforeEach(() => {
  rig = new StreamCarrierRig();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await rig.close();
});

async function openPlain(port: number, text = ''): Promise<RawClient> {
  const client = await RawClient.open(port, text);
  clients.push(client);
  return client;
}

async function openSecure(port: number, text = ''): Promise<RawClient> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const client = new RawClient(socket);
  clients.push(client);
  client.send(text);
  return client;
}

/** A WebSocket in the clear whose opening is done. */
async function openWebSocket(port: number): Promise<RawClient> {
  const client = await openPlain(port, UPGRADE);
  await client.until('\r\n\r\n');
  return client;
}

function frame(opcode: number, payload: Buffer, more: { isFinal?: boolean; mask?: Buffer | undefined } = {}): string {
  return encodeFrame({ opcode, payload, mask: MASK, ...more }).toString('latin1');
}

const framed = (message: Buffer) => lengthFrame(message).toString('latin1');

describe('the first bytes', () => {
  it.each([
    ['nothing of this', 'SSH-2.0-OpenSSH\r\n', 'unknown-protocol'],
    ['another method', 'POST / HTTP/1.1\r\n\r\n', 'unknown-protocol'],
    ['an empty frame', '\0\0', 'unknown-protocol'],
    ['link messages in the clear', framed(HELLO), 'plain-stream'],
    ['what only begins like TLS', '\x16\x03\x01\x00\x05garbage', 'failed-tls'],
    ['TLS of 16 KiB that is none', `\x16\x03\x01\x3f\xff${'\xff'.repeat(17_000)}`, 'failed-tls'],
  ])('refuse %s', async (_what, bytes, reason) => {
    const client = await openPlain(await rig.listen(), bytes);
    expect(await rig.refusal()).toBe(reason);
    await client.untilClosed();
    expect([rig.refusals, rig.ends]).toEqual([[reason], []]);
  });

  it('refuse TLS older than 1.2', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const socket = connectTls({ port: await rig.listen(), host: '127.0.0.1', rejectUnauthorized: false, ...old });
    await expect(once(socket, 'secureConnect')).rejects.toThrow();
    expect(await rig.refusal()).toBe('failed-tls');
  });

  it('refuse the same inside TLS', async () => {
    const port = await rig.listen();
    for (const bytes of ['SSH-2.0-OpenSSH\r\n', '\x16\x03\x01', '\0\x05hello', '\x05\0']) {
      await (await openSecure(port, bytes)).untilClosed();
    }
    expect(rig.refusals).toEqual(new Array(4).fill('unknown-protocol'));
  });

  it.each([
    ['a page is asked for', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'not-websocket', '426 Upgrade Required'],
    ['an old WebSocket', UPGRADE.replace('13', '8'), 'not-websocket', 'Sec-WebSocket-Version: 13'],
    ['a key that is none', UPGRADE.replace('==', ''), 'not-websocket', '426 Upgrade Required'],
    ['a broken head', 'GET nowhere\r\n\r\n', 'bad-head', '400 Bad Request'],
    ['an endless head', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, 'bad-head', '431 '],
    ['too many headers', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(101)}`, 'bad-head', '431 '],
  ])('are answered as HTTP when %s', async (_what, bytes, reason, answer) => {
    const port = await rig.listen();
    for (const open of [openPlain, openSecure]) {
      const client = await open(port, bytes);
      expect(await client.untilClosed()).toContain(answer);
    }
    expect([rig.refusals, rig.ends]).toEqual([[reason, reason], []]);
  });

  it('may come one by one', async () => {
    const port = await rig.listen();
    for (const [index, open] of [openPlain, openSecure].entries()) {
      const client = await open(port);
      for (const byte of UPGRADE + frame(OPCODE.binary, HELLO)) {
        client.send(byte);
        await new Promise(setImmediate);
      }
      const [message] = await (await rig.accepted(index + 1)).untilMessages(1);
      expect(message).toEqual(HELLO);
    }
    expect(rig.ends.map(({ connection }) => connection.carrier)).toEqual(['ws', 'wss']);
  });

  it('may come with all that follows', async () => {
    const port = await rig.listen();
    await openPlain(port, UPGRADE + frame(OPCODE.binary, HELLO) + frame(OPCODE.binary, Buffer.from('two')));
    await openSecure(port, framed(HELLO) + framed(Buffer.from('two')));
    for (const count of [1, 2]) {
      const end = await rig.accepted(count);
      await end.untilMessages(2);
      expect(end.texts).toEqual([String(HELLO), 'two']);
    }
  });
});

describe('who is slow', () => {
  it('is closed 10 s after connecting, whatever came by then', async () => {
    const port = await rig.listen();
    const silent = await openPlain(port);
    const halfHead = await openPlain(port, UPGRADE.slice(0, 30));
    const halfTls = await openPlain(port, '\x16\x03\x01\x02\0');
    const secure = await openSecure(port);
    const halfMessage = await openSecure(port, framed(HELLO).slice(0, 100));
    const noMessage = await openWebSocket(port);
    await rig.accepted(2);
    await rig.clock.run(9_999);
    expect([silent, halfHead, halfTls, secure, halfMessage, noMessage].map(({ closed }) => closed)).not.toContain(true);
    await rig.clock.run(1);
    for (const client of [silent, halfHead, halfTls, secure, halfMessage, noMessage]) await client.untilClosed();
    expect(rig.refusals).toEqual(new Array(4).fill('silent'));
    expect(rig.ends.map(({ reasons }) => reasons)).toEqual(new Array(2).fill(['no message came in 10 s']));
  });

  it('has all time once a message came', async () => {
    const client = await openSecure(await rig.listen(), framed(HELLO));
    const end = await rig.accepted();
    await end.untilMessages(1);
    await rig.clock.run(3_600_000);
    client.send(framed(Buffer.from('later')));
    await end.untilMessages(2);
    expect(end.reasons).toEqual([]);
  });
});

describe('limits', () => {
  it('hold in all and for a network, until connections close', async () => {
    const port = await rig.listen({ host: '::', limits: { connections: 3, connectionsPerNetwork: 2 } });
    const [first] = [await openPlain(port), await openPlain(port)];
    await (await openPlain(port)).untilClosed();
    expect(rig.refusals).toEqual(['limit-per-network']);
    const other = await RawClient.open(port, '', '::1');
    clients.push(other);
    const excess = await RawClient.open(port, '', '::1');
    await excess.untilClosed();
    expect(rig.refusals).toEqual(['limit-per-network', 'limit']);
    first.close();
    const again = await eventually('a free place', async () => {
      const client = await openSecure(port, framed(HELLO)).catch(() => undefined);
      return client;
    });
    await (await rig.accepted()).untilMessages(1);
    again.close();
  });
});

describe('a peer that breaks the protocol', () => {
  it.each([
    ['a frame over the bound', openSecure, framed(HELLO) + framed(Buffer.alloc(1201)), 'at most 1200'],
    ['an empty frame', openSecure, `${framed(HELLO)}\0\0`, 'an empty frame'],
    ['a frame without mask', openPlain, UPGRADE + frame(OPCODE.binary, HELLO, { mask: undefined }), 'without mask'],
    ['a message over the bound', openPlain, UPGRADE + frame(OPCODE.binary, Buffer.alloc(1201)), 'at most 1200'],
    ['text', openPlain, UPGRADE + frame(OPCODE.text, HELLO), 'text where bytes belong'],
    ['an empty message', openPlain, UPGRADE + frame(OPCODE.binary, Buffer.alloc(0)), 'an empty message'],
    [
      'a flood of frames',
      openPlain,
      UPGRADE +
        frame(OPCODE.binary, HELLO, { isFinal: false }) +
        frame(OPCODE.continuation, Buffer.alloc(0), { isFinal: false }).repeat(200),
      'more than 128 frames',
    ],
  ])('is closed for %s', async (_what, open, bytes, reason) => {
    const client = await open(await rig.listen(), bytes);
    const end = await rig.accepted();
    expect(await end.untilClosed()).toContain(reason);
    await client.untilClosed();
    expect(end.reasons).toHaveLength(1);
  });

  it('is told why by a WebSocket', async () => {
    const client = await openWebSocket(await rig.listen());
    client.send(frame(OPCODE.binary, Buffer.alloc(5000)));
    expect(await client.untilClosed()).toContain('\x03\xf1a message of 5000 bytes; at most 1200');
  });

  it('may send more once it is known, from the next message on', async () => {
    await openSecure(await rig.listen(), '');
    const client = clients[0]!;
    rig.onAccepted = (end) => {
      end.onMessage = () => {
        end.connection.maxMessageBytes = 16_384;
      };
    };
    client.send(framed(HELLO) + framed(Buffer.alloc(16_384)));
    const end = await rig.accepted();
    await end.untilMessages(2);
    client.send(framed(Buffer.alloc(16_385)));
    expect(await end.untilClosed()).toContain('at most 16384');
  });

  it('is gone when it ends half of the connection, or breaks off', async () => {
    const port = await rig.listen();
    const half = await openSecure(port, framed(HELLO) + framed(HELLO).slice(0, 10));
    await (await rig.accepted()).untilMessages(1);
    half.socket.end();
    expect(await (await rig.accepted()).untilClosed()).toBe('the peer closed the connection');
    const reset = await openPlain(port, UPGRADE);
    const end = await rig.accepted(2);
    reset.socket.resetAndDestroy();
    expect(await end.untilClosed()).toBe('connection reset');
  });
});

describe('a WebSocket', () => {
  it('answers a ping and the end', async () => {
    const client = await openWebSocket(await rig.listen());
    client.send(frame(OPCODE.ping, Buffer.from('are you there')) + frame(OPCODE.pong, Buffer.from('unasked')));
    await client.until('\x8a\x0dare you there');
    client.send(frame(OPCODE.close, Buffer.from('\x03\xe9going \x1b[31m', 'latin1')));
    expect(await (await rig.accepted()).untilClosed()).toBe('the peer closed the WebSocket (1001 going [31m)');
    expect(await client.untilClosed()).toContain('\x88\x02\x03\xe8');
  });
});

describe('a certificate', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'distream-link-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const nameOf = ({ socket }: RawClient) => (socket as TLSSocket).getPeerCertificate().subject.CN;

  it('is made when none is given', async () => {
    expect(nameOf(await openSecure(await rig.listen()))).toBe('distream');
  });

  it('from files is taken again when it changed, and drops nobody', async () => {
    const certificate = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    writeFileSync(certificate.certificate, LOCALHOST_CERTIFICATE);
    writeFileSync(certificate.key, LOCALHOST_KEY, { mode: 0o600 });
    const port = await rig.listen({ certificate });
    const before = await openSecure(port, framed(HELLO));
    await (await rig.accepted()).untilMessages(1);
    writeFileSync(certificate.certificate, `${RENEWED_CERTIFICATE}\n`);
    writeFileSync(certificate.key, RENEWED_KEY);
    rig.clock.advance(10_000);
    const after = await openSecure(port);
    expect([nameOf(before), nameOf(after)]).toEqual(['localhost', 'renewed.example']);
    before.send(framed(HELLO));
    await (await rig.accepted()).untilMessages(2);
    await expect(rig.listen({ certificate: { ...certificate, key: '/missing' } })).rejects.toMatchObject({
      code: 'TLS_UNUSABLE',
    });
  });
});

describe('the port', () => {
  it('that is taken is told', async () => {
    const port = await rig.listen();
    await expect(new StreamCarrierRig().listen({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  it('that is closed lets go of who is not yet in, and of nobody else', async () => {
    const port = await rig.listen();
    const known = await openSecure(port, framed(HELLO));
    const end = await rig.accepted();
    await end.untilMessages(1);
    const silent = await openPlain(port);
    const inTls = await openPlain(port, '\x16\x03\x01\x02\0');
    const late = await openPlain(port, UPGRADE.slice(0, 9));
    // its answer shows that what came before it was accepted
    await (await openPlain(port, 'SSH\r\n')).untilClosed();
    rig.stopListening();
    for (const client of [silent, inTls, late]) await client.untilClosed();
    known.send(framed(HELLO));
    await end.untilMessages(2);
    expect(rig.refusals).toEqual(['unknown-protocol']);
  });
});
