import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { bytesOf, CODECS, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { startDistreamer } from './support/distream.ts';
import { listen } from './support/listener.ts';
import { freePort } from './support/ports.ts';

/** Each protocol as the keys of its two files; `WIRE` is the port between them. */
const PAIRS = [
  {
    name: 'persistent push',
    output: 'MODE=DiStreamerPersRevClient\nSERVERURL=http://127.0.0.1:WIRE\nINTERVAL=1\n',
    input: 'MODE=DiStreamerPersRevServer\nHOSTNAME=127.0.0.1\nPORT=WIRE\n',
  },
  {
    name: 'polling pull',
    output: 'MODE=DiStreamerServer\nHOSTNAME=127.0.0.1\nPORT=WIRE\n',
    input: 'MODE=DiStreamerClient\nSERVERURL=127.0.0.1:WIRE\nHTTPINTERVAL=1\n',
  },
  {
    name: 'polling push',
    output: 'MODE=DiStreamerRevClient\nSERVERURL=127.0.0.1:WIRE\nHTTPINTERVAL=1\n',
    input: 'MODE=DiStreamerRevServer\nHOSTNAME=127.0.0.1\nPORT=WIRE\n',
  },
];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeWith(['ffmpeg'], 'two DiStreamer files', () => {
  for (const pair of PAIRS) {
    it.concurrent(`${pair.name}: the far end plays what the encoder sent`, async () => {
      const codec = CODECS[0]!;
      const file = await makeAudio(codec, 30);
      const [source, wire, out] = [await freePort(), await freePort(), await freePort()];
      const keys = (text: string) => `${text.replace('WIRE', String(wire))}PASSWORD=wire-secret\n`;
      const studio = await startDistreamer(`[INPUT]\nMODE=ShoutcastSourceServer\nHOSTNAME=127.0.0.1\nPORT=${source}
PASSWORD=e2e-secret\nFRAGMENTSNUMBER=10\nFRAGMENTSIZE=16384\n[OUTPUT]\n${keys(pair.output)}`);
      const site = await startDistreamer(
        `[INPUT]\n${keys(pair.input)}[OUTPUT]\nMODE=ShoutcastServer\nHOSTNAME=127.0.0.1\nPORT=${out}\nMINFRAGMENTS=1\n`,
      );
      const encoder = await until('the source port', () => dial(source + 1));
      const ffmpeg = start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'mp3', '-']);
      encoder.write('e2e-secret\r\n');
      encoder.once('data', () => {
        encoder.write('icy-name:Lab\r\nicy-br:128\r\ncontent-type:audio/mpeg\r\n\r\n');
        ffmpeg.process.stdout!.pipe(encoder);
      });
      const failed = (error: Error) => {
        throw new Error(`${error.message}: ${studio.errors()} ${site.errors()}`);
      };
      const listener = await until('sound', async () => {
        const attempt = listen(out, '/any');
        await pause(500);
        if (attempt.body().length > 0 && attempt.head().includes('200')) return attempt;
        attempt.close();
        return undefined;
      }).catch(failed);
      await until('more sound', () => listener.body().length > 150_000).catch(failed);
      expect(listener.head()).toContain('icy-name: Lab');
      expect(bytesOf(file).includes(listener.body().subarray(0, 140_000))).toBe(true);
      encoder.destroy();
      listener.close();
      await site.stop('SIGINT');
      await studio.stop('SIGINT');
    });
  }
});

function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve, reject) => {
    socket.on('connect', () => resolve(socket));
    socket.on('error', reject);
  });
}
