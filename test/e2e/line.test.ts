import { connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { bytesOf, CODECS, compareAudio, decode, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { startDistream, startDistreamer } from './support/distream.ts';
import { listen } from './support/listener.ts';
import { freePort } from './support/ports.ts';

/** A TCP line that a test cuts and mends: while it is cut nothing passes and nobody is told. */
async function startLine(targetPort: number) {
  const port = await freePort();
  const pairs = new Set<[Socket, Socket]>();
  let cut = false;
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    for (const socket of pair) socket.on('error', () => {});
    if (cut) return far.destroy();
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    cut() {
      cut = true;
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.pause();
        far.pause();
      }
    },
    /** Old connections are dead, as after a change of address. */
    mend() {
      cut = false;
      for (const [near, far] of pairs) {
        near.destroy();
        far.destroy();
      }
    },
    close: () => server.close(),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeWith(['ffmpeg'], 'a line that fails', () => {
  for (const codec of [CODECS[0]!, CODECS[2]!, CODECS[3]!]) {
    it.concurrent(`${codec.name} over DiStreamer's protocol: an outage of 6 s is not heard`, async () => {
      const file = await makeAudio(codec, 40);
      const wire = await freePort();
      const studio = await startDistream(`
  studio:
    buffer: 30s
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: distreamer-pers-server, listen: { host: 127.0.0.1, port: ${wire} }, password: wire-secret }]`);
      const url = `icecast://source:e2e-secret@127.0.0.1:${studio.port}/in`;
      const args = ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', codec.contentType];
      start('ffmpeg', [...args, '-f', codec.container, url]);
      await studio.stream(({ buffer }) => buffer.heldSeconds > 11);
      const line = await startLine(wire);
      const site = await startDistream(`
  site:
    buffer: 30s
    reserve: 10s
    input: { type: distreamer-pers-client, url: "127.0.0.1:${line.port}", password: wire-secret, timeout: 2s }
    outputs: [{ type: icecast, mount: /out }]`);
      await site.stream(({ buffer }) => buffer.reserveSeconds > 8);
      const listener = listen(site.port, '/out');
      await pause(2000);
      line.cut();
      await pause(6000);
      line.mend();
      await site.stream(({ state, buffer }) => state === 'live' && buffer.reserveSeconds > 8);
      await pause(2000);
      const { counters } = (await site.status()).streams[0]!;
      expect(counters).toMatchObject({ gaps: 0, stalls: 0 });
      const heard = await decode(listener.body(), codec);
      const result = compareAudio(await decode(file, codec), heard, codec.rate, 400);
      expect(result.differs).toBe('');
      expect(result.seconds).toBeGreaterThan(10);
      line.close();
      await site.stop('SIGINT');
      await studio.stop('SIGINT');
    });
  }

  it.concurrent("two DiStreamer files: the program's own command on both sides", async () => {
    const codec = CODECS[0]!;
    const file = await makeAudio(codec, 30);
    const source = await freePort();
    const wire = await freePort();
    const out = await freePort();
    await startDistreamer(`[GENERAL]\nOUTPUTLEVEL=3\n[INPUT]\nMODE=ShoutcastSourceServer\nHOSTNAME=127.0.0.1\nPORT=${source}
PASSWORD=distreamer\nFRAGMENTSNUMBER=5\nFRAGMENTSIZE=16384\n[OUTPUT]\nMODE=DiStreamerPersServer\nHOSTNAME=127.0.0.1
PORT=${wire}\nPASSWORD=distreamer\nINTERVAL=1\n`);
    const site = await startDistreamer(`[INPUT]\nMODE=DiStreamerPersClient\nSERVERURL=http://127.0.0.1:${wire}
PASSWORD=distreamer\n[OUTPUT]\nMODE=ShoutcastServer\nHOSTNAME=127.0.0.1\nPORT=${out}\nMINFRAGMENTS=2\n`);
    const encoder = await until('the source port', () => {
      const socket = connect(source + 1, '127.0.0.1');
      return new Promise<Socket>((resolve, reject) => {
        socket.on('connect', () => resolve(socket));
        socket.on('error', reject);
      });
    });
    const ffmpeg = start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'mp3', '-']);
    encoder.write('distreamer\r\n');
    encoder.once('data', () => {
      encoder.write('icy-name:Lab\r\nicy-br:128\r\ncontent-type:audio/mpeg\r\n\r\n');
      ffmpeg.process.stdout!.pipe(encoder);
    });
    const listener = await until('sound', async () => {
      const attempt = listen(out, '/any');
      await pause(500);
      if (attempt.body().length > 0 && attempt.head().includes('200')) return attempt;
      attempt.close();
      return undefined;
    });
    await until('more sound', () => listener.body().length > 100_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${site.errors()}`);
    });
    expect(bytesOf(file).includes(listener.body().subarray(0, 90_000))).toBe(true);
    encoder.destroy();
    await site.stop('SIGINT');
  });
});
