import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_HEADS } from '../../hostile/heads.ts';
import { eventually } from '../../support/eventually.ts';
import { askRaw, basicAuth, HostileClient } from '../../support/hostile-client.ts';
import { type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

let hostile: HostileNode;
beforeAll(async () => {
  hostile = await startHostileNode({ clock: hurriedClock(20) });
});
afterEach(() => hostile.expectUnharmed());
afterAll(() => hostile.close());

/** Sends bytes and ends when the answer is there; a stream that answers 200 is left by the client. */
async function outcomeOf(bytes: string, portions: number): Promise<number | 'closed'> {
  const client = await HostileClient.open(hostile.port);
  const size = Math.ceil(bytes.length / portions);
  for (let at = 0; at < bytes.length; at += size) {
    client.send(bytes.slice(at, at + size));
    if (portions > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  const status = await client.answer();
  client.close();
  return status === 0 ? 'closed' : status;
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

describe('request heads', () => {
  for (const portions of [1, 7]) {
    it(`have the outcome of the table when they come in ${portions}`, async () => {
      const outcomes: Record<string, unknown> = {};
      const wanted: Record<string, unknown> = {};
      for (const { id, bytes, outcome } of HOSTILE_HEADS) {
        outcomes[id] = await outcomeOf(bytes, portions);
        wanted[id] = outcome;
      }
      expect(outcomes).toEqual(wanted);
    });
  }

  it('that come slowly or not at all are given up, hundreds at once', async () => {
    const clients = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        HostileClient.open(hostile.port, index % 3 ? 'GET / HTTP/1.1\r\nX: ' : ''),
      ),
    );
    const dribble = setInterval(() => {
      for (const client of clients.slice(0, 100)) client.send('y');
    }, 20);
    await eventually('the end of all', () => clients.every(({ closed, socket }) => closed || socket.readableEnded));
    clearInterval(dribble);
    expect(new Set(clients.map(({ status }) => status))).toEqual(new Set([0, 408]));
    for (const client of clients) client.close();
  });

  it('behind each other: only the first is answered, whatever follows', async () => {
    const get = 'GET /status-json.xsl HTTP/1.1\r\nHost: a\r\n\r\n';
    const smuggled = `GET /admin/killsource?mount=/victim-in HTTP/1.1\r\nHost: a\r\n${basicAuth('admin', 'wrong')}\r\n`;
    for (const following of [get, smuggled]) {
      const { text } = await askRaw(hostile.port, get + following);
      expect(text.match(/HTTP\/1\.1 200/g), following).toHaveLength(1);
      expect(text).not.toContain(' 401 ');
    }
  });

  it('behind OPTIONS are read one by one, and a client that reads no answer is cut off', async () => {
    const options = 'OPTIONS * HTTP/1.1\r\n\r\n';
    const several = await askRaw(hostile.port, `${options.repeat(50)}GET /nothing HTTP/1.0\r\n\r\n`);
    expect(several.text.match(/HTTP\/1\.1 200/g)).toHaveLength(50);
    expect(several.text).toMatch(/HTTP\/1\.1 404/);
    const deaf = await HostileClient.open(hostile.port);
    deaf.socket.pause();
    const many = Buffer.from(options.repeat(50_000));
    for (let turn = 0; turn < 20 && !deaf.closed; turn++) {
      if (!deaf.socket.write(many)) await drainedOrClosed(deaf.socket);
    }
    await eventually('the end of a deaf client', async () => {
      deaf.socket.resume();
      return deaf.closed;
    });
    expect(deaf.received.length).toBeLessThan(20 * 50_000 * 90);
  });

  it('from clients that reset or half close in the middle leave nothing behind', async () => {
    for (const bytes of [
      '',
      'G',
      'GET / HTTP/1.1\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\n\r',
      'GET /victim HTTP/1.0\r\n\r\n',
    ]) {
      const aborted = await HostileClient.open(hostile.port, bytes);
      // Its answer shows that what came before it was read.
      await hostile.ask('GET /nothing HTTP/1.0\r\n\r\n');
      aborted.abort();
      const half = await HostileClient.open(hostile.port, bytes);
      half.socket.end();
      await half.untilClosed();
    }
  });
});
