import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../e2e/support/ports.ts';
import { audioFixture } from '../../support/audio.ts';
import { eventually } from '../../support/eventually.ts';
import { askRaw, basicAuth, HOME, HostileClient } from '../../support/hostile-client.ts';
import { CANARY, type HostileNode, startHostileNode } from '../../support/hostile-node.ts';
import { hurriedClock } from '../../support/hurried-clock.ts';

let hostile: HostileNode | undefined;
afterEach(async () => {
  await hostile?.close();
  hostile = undefined;
});

async function occupy(port: number): Promise<() => Promise<void>> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () => new Promise((resolve) => server.close(() => resolve()));
}

const SOURCE = `{ type: source, mount: /in, password: ${CANARY}, shoutcast: false }`;

describe('faults of the machine', () => {
  it('a port taken at the start is told with its holder, and nothing stays open', async () => {
    const port = await freePort();
    const free = await occupy(port);
    await expect(startHostileNode({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      exitCode: 4,
      details: { port, holder: expect.stringContaining(String(process.pid)) },
    });
    await free();
  });

  it("an output's own port taken leaves the rest at work, and is opened when it is free", async () => {
    const own = await freePort();
    const free = await occupy(own);
    hostile = await startHostileNode({
      clock: hurriedClock(20),
      streams: `
  other:
    input: ${SOURCE}
    outputs:
      - { type: icecast, mount: /own, listen: { host: 127.0.0.1, port: ${own} } }
      - { type: distreamer-pers-server, listen: { host: 127.0.0.1, port: ${own} }, password: ${CANARY} }
      - { type: icecast, mount: /shared }`,
    });
    const { outputs } = hostile.stream('other');
    expect(outputs[0]!.lastError).toMatchObject({ code: 'PORT_IN_USE' });
    await eventually('the other mount', async () =>
      (await askRaw(hostile!.port, 'GET /shared HTTP/1.0\r\n\r\n')).text.includes('No source'),
    );
    await hostile.expectUnharmed();
    await free();
    await eventually(
      'the port',
      async () =>
        (await askRaw(own, 'GET /own HTTP/1.0\r\n\r\n').catch(() => undefined))?.text.includes('No source') ||
        hostile!.stream('other').outputs[1]!.state === 'ready',
    );
    expect(hostile.log.filter((line) => line.includes('is in use') && line.startsWith('{')).length).toBeLessThanOrEqual(
      4,
    );
    await hostile.expectUnharmed();
  });

  it('the port for SHOUTcast sources taken leaves Icecast sources at work', async () => {
    const port = await freePort();
    const free = await occupy(port + 1);
    hostile = await startHostileNode({
      port,
      clock: hurriedClock(20),
      streams: `
  other:
    input: { type: source, mount: /in, password: ${CANARY} }
    outputs: [{ type: icecast, mount: /out }]`,
    });
    await hostile.expectUnharmed();
    expect(hostile.stream('other').inputs[0]!.lastError).toMatchObject({ code: 'PORT_IN_USE' });
    await free();
    await eventually(
      'the source port',
      async () => (await HostileClient.open(port + 1, 'wrong\r\n').catch(() => undefined)) !== undefined,
    );
    await hostile.expectUnharmed();
  });

  it('the folder of a recording removed, or in its place a file: it goes on by itself', async () => {
    hostile = await startHostileNode({
      clock: hurriedClock(20),
      streams: `
  recorded:
    fragment: 100ms
    input: { type: source, mount: /in, password: ${CANARY}, shoutcast: false, timeout: 10m }
    outputs: [{ type: recorder, path: "rec/%{stream}.raw", minFree: 0B }, { type: icecast, mount: /out }]`,
    });
    const head = `PUT /in HTTP/1.0\r\n${basicAuth('source', CANARY)}Content-Type: audio/x-raw\r\nIce-Bitrate: 128\r\n\r\n`;
    const source = await HostileClient.open(hostile.port, head, HOME);
    const timer = setInterval(() => source.send('x'.repeat(1000)), 5);
    const folder = join(hostile.folder, 'rec');
    const hasAudio = () =>
      existsSync(folder) &&
      statSync(folder).isDirectory() &&
      readdirSync(folder).some((name) => statSync(join(folder, name)).size > 2000);
    hostile.settle();
    await eventually('a recording', hasAudio);
    rmSync(folder, { recursive: true });
    await eventually('another recording', hasAudio);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file');
    await eventually('the failure', () => hostile!.stream('recorded').outputs[0]!.state === 'failed');
    expect(hostile.stream('recorded').state).toBe('live');
    rmSync(folder);
    await eventually('a third recording', hasAudio);
    expect(hostile.log.join('')).toMatch(/records again after/);
    await hostile.expectUnharmed();
    clearInterval(timer);
    source.close();
  });

  it('a file that is missing, a folder without sound, and a file that is none are told, and heard once they are there', async () => {
    hostile = await startHostileNode({
      clock: hurriedClock(20),
      streams: `
  missing: { input: { type: file, path: gone.mp3 }, outputs: [{ type: icecast, mount: /missing }] }
  garbage: { input: { type: file, path: distream.yaml }, outputs: [{ type: icecast, mount: /garbage }] }
  folder: { input: { type: file, path: . }, outputs: [{ type: icecast, mount: /folder }] }`,
    });
    for (const name of ['missing', 'garbage', 'folder']) {
      await eventually(`the failure of ${name}`, () => hostile!.stream(name).inputs[0]!.lastError !== undefined);
      expect(hostile.stream(name).inputs[0]!.lastError!.code, name).toMatch(/^FILE_/);
    }
    writeFileSync(join(hostile.folder, 'gone.mp3'), audioFixture('cbr-128k-44100.mp3'));
    await eventually('sound', () => hostile!.stream('missing').state === 'live');
    await hostile.expectUnharmed();
  });
});
