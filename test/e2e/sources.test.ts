import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { bytesOf, CODECS, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { type DistreamProcess, get, startDistream } from './support/distream.ts';
import { listen } from './support/listener.ts';

const MP3 = CODECS[0]!;
const STREAM = `
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /out }]`;

function icecastSource(node: DistreamProcess, file: string, options: readonly string[], password = 'e2e-secret') {
  const url = `icecast://source:${password}@127.0.0.1:${node.port}/in`;
  const args = ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', 'audio/mpeg', ...options];
  return start('ffmpeg', [...args, '-f', 'mp3', url]);
}

/** Plays a file by ffmpeg into a SHOUTcast v1 login, as old encoders do. */
function shoutcastSource(node: DistreamProcess, file: string) {
  const ffmpeg = start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'mp3', '-']);
  const socket = connect(node.port + 1, '127.0.0.1');
  const answers: Buffer[] = [];
  socket.on('data', (data) => answers.push(data));
  socket.on('error', () => {});
  socket.write('e2e-secret\r\n');
  socket.once('data', () => {
    socket.write(
      'icy-name:Old Encoder\r\nicy-genre:test\r\nicy-pub:0\r\nicy-br:128\r\ncontent-type:audio/mpeg\r\n\r\n',
    );
    ffmpeg.process.stdout!.pipe(socket);
  });
  return { socket, answer: () => Buffer.concat(answers).toString() };
}

describeWith(['ffmpeg'], 'encoders', () => {
  it.concurrent('Icecast PUT, with a title set by /admin/metadata at its byte', async () => {
    const file = await makeAudio(MP3, 12);
    const node = await startDistream(STREAM);
    const options = [
      '-ice_name',
      'Harbour Radio',
      '-ice_genre',
      'sea',
      '-ice_description',
      'Waves',
      '-ice_public',
      '1',
    ];
    icecastSource(node, file, options);
    await node.stream(({ state }) => state === 'live');
    const authorization = `Basic ${Buffer.from('source:e2e-secret').toString('base64')}`;
    const answer = await get(`${node.url}/admin/metadata?mount=/in&mode=updinfo&song=Kr%E4hen%20-%20Flug`, {
      authorization,
    });
    expect(answer.toString()).toContain('Metadata update successful');
    await node.stream(({ metadata }) => metadata?.title === 'Krähen - Flug');
    const listener = listen(node.port, '/out', ['Icy-MetaData: 1']);
    const plain = listen(node.port, '/out');
    await until('some seconds of sound', () => listener.body().length > 90_000);
    expect(listener.head()).toMatch(/icy-name: Harbour Radio\r\n/);
    expect(listener.head()).toMatch(/icy-genre: sea\r\n/);
    const metaint = Number(/icy-metaint: (\d+)/.exec(listener.head())![1]);
    const block = listener.body().subarray(metaint);
    expect(block.subarray(1, 1 + block[0]! * 16).toString()).toContain("StreamTitle='Krähen - Flug';");
    expect(plain.head()).not.toContain('icy-metaint');
    expect(bytesOf(file).includes(plain.body().subarray(0, 60_000))).toBe(true);
    await node.stop('SIGINT');
  });

  it.concurrent('legacy SOURCE', async () => {
    const file = await makeAudio(MP3, 8);
    const node = await startDistream(STREAM);
    icecastSource(node, file, ['-legacy_icecast', '1']);
    const stream = await node.stream(({ state }) => state === 'live');
    expect(stream.format?.codec).toBe('mp3');
    const listener = listen(node.port, '/out');
    await until('sound', () => listener.body().length > 48_000);
    expect(bytesOf(file).includes(listener.body().subarray(0, 40_000))).toBe(true);
    await node.stop('SIGINT');
  });

  it.concurrent('SHOUTcast v1 on the port above, with titles by admin.cgi', async () => {
    const file = await makeAudio(MP3, 10);
    const node = await startDistream(STREAM);
    const source = shoutcastSource(node, file);
    await node.stream(({ state }) => state === 'live');
    expect(source.answer()).toBe('OK2\r\nicy-caps:11\r\n\r\n');
    await get(`${node.url}/admin.cgi?mode=updinfo&pass=e2e-secret&song=Old%20-%20Title`, {
      'user-agent': 'SHOUTcast Song Status (Mozilla Compatible)',
    });
    await node.stream(({ metadata }) => metadata?.title === 'Old - Title');
    const listener = listen(node.port, '/out');
    await until('sound', () => listener.body().length > 48_000);
    expect(listener.head()).toContain('icy-name: Old Encoder');
    expect(bytesOf(file).includes(listener.body().subarray(0, 40_000))).toBe(true);
    source.socket.destroy();
    await node.stop('SIGINT');
  });

  it.concurrent('a wrong password is refused and the source on air loses nothing', async () => {
    const file = await makeAudio(MP3, 10);
    const node = await startDistream(STREAM);
    icecastSource(node, file, []);
    await node.stream(({ state }) => state === 'live');
    const listener = listen(node.port, '/out');
    const wrong = icecastSource(node, file, [], 'guess');
    const second = icecastSource(node, file, []);
    expect(await wrong.exited).not.toBe(0);
    expect(wrong.errors()).toMatch(/401|unauthorized|authorization/i);
    expect(await second.exited).not.toBe(0);
    await until('sound', () => listener.body().length > 64_000);
    expect(bytesOf(file).includes(listener.body().subarray(0, 60_000))).toBe(true);
    expect((await node.status()).streams[0]!.counters.gaps).toBe(0);
    await node.stop('SIGINT');
  });

  it.concurrent('an encoder that restarts is not noticed by its listener but by a clean cut', async () => {
    const file = await makeAudio(MP3, 6);
    const node = await startDistream(STREAM);
    const first = icecastSource(node, file, []);
    await node.stream(({ state }) => state === 'live');
    const listener = listen(node.port, '/out');
    await until('sound', () => listener.body().length > 30_000);
    await first.stop('SIGKILL');
    icecastSource(node, file, []);
    await node.stream(({ counters }) => counters.causes['source-restart'] === 1);
    const before = listener.body().length;
    await until('sound again', () => listener.body().length > before + 40_000);
    expect(listener.closed()).toBe(false);
    await node.stop('SIGINT');
  });
});
