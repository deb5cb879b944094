import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { CODECS, compareAudio, decode, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { run, start, until } from './support/child.ts';
import { type DistreamProcess, get, startDistream } from './support/distream.ts';

const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** Runs in the page: plays until three seconds were heard, or tells the error. */
const PLAY = `(async () => {
  const audio = new Audio('SRC');
  const failed = new Promise((resolve) => {
    audio.addEventListener('error', () => resolve('error: ' + audio.error.message));
  });
  await Promise.race([audio.play(), failed]);
  const enough = new Promise((resolve) => {
    audio.addEventListener('timeupdate', () => audio.currentTime > 3 && resolve('played'));
  });
  return Promise.race([enough, failed]);
})()`;

async function onAir(codec = CODECS[0]!, seconds = 25): Promise<{ node: DistreamProcess; file: string }> {
  const file = await makeAudio(codec, seconds);
  const node = await startDistream(`
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /live }]`);
  const url = `icecast://source:e2e-secret@127.0.0.1:${node.port}/in`;
  const args = ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', codec.contentType];
  start('ffmpeg', [...args, '-f', codec.container, url]);
  await node.stream(({ state }) => state === 'live');
  return { node, file };
}

describeWith(['ffmpeg', 'mpg123'], 'players', () => {
  it.concurrent('ffmpeg plays, title included', async () => {
    const { node, file } = await onAir();
    const codec = CODECS[0]!;
    const args = ['-v', 'fatal', '-t', '6', '-i', `${node.url}/live`, '-f', 's16le', '-ac', '2', '-ar', '44100', '-'];
    const result = compareAudio(await decode(file, codec), await run('ffmpeg', args), codec.rate, 400);
    expect(result.differs).toBe('');
    expect(result.seconds).toBeGreaterThan(4);
    const tags = await run('ffprobe', ['-v', 'error', '-show_entries', 'format_tags', `${node.url}/live`]);
    expect(tags.toString()).toContain('icy-name');
    await node.stop('SIGINT');
  });

  it.concurrent('mpg123 plays, and shows the title', async () => {
    const { node } = await onAir();
    const authorization = `Basic ${Buffer.from('source:e2e-secret').toString('base64')}`;
    await get(`${node.url}/admin/metadata?mount=/in&mode=updinfo&song=Some%20-%20Song`, { authorization });
    const player = start('mpg123', ['-v', '--stdout', '--no-control', `${node.url}/live`]);
    let pcmBytes = 0;
    player.process.stdout!.on('data', (data: Buffer) => {
      pcmBytes += data.length;
    });
    await until('decoded sound', () => pcmBytes > 6 * 44_100 * 4);
    await until('the title', () => player.errors().includes('Some - Song'));
    expect(player.errors()).not.toMatch(/resync|illegal|corrupted/i);
    await node.stop('SIGINT');
  });
});

describeWith(['ffmpeg', 'chromium'], 'a browser', () => {
  for (const index of [0, 2, 3, 4, 6, 7]) {
    const codec = CODECS[index]!;
    it(`Chromium plays ${codec.name} by <audio>`, async () => {
      const { node } = await onAir(codec, 20);
      const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_ARGS });
      try {
        const page = await browser.newPage();
        await page.goto(`${node.url}/`);
        const played = await page.evaluate(PLAY.replace('SRC', `${node.url}/live`));
        expect(played).toBe('played');
      } finally {
        await browser.close();
        await node.stop('SIGINT');
      }
    });
  }
});
