import { expect, it } from 'vitest';
import { bytesOf, CODECS, makeAudio } from './support/audio.ts';
import { describeWith } from './support/binaries.ts';
import { start, until } from './support/child.ts';
import { get, startDistream } from './support/distream.ts';
import { startIcecast } from './support/icecast.ts';
import { listen } from './support/listener.ts';

const MP3 = CODECS[0]!;

describeWith(['icecast2', 'ffmpeg'], 'Icecast', () => {
  it.concurrent('as the pulled server: exact audio, titles, and nothing repeated after a reconnect', async () => {
    const icecast = await startIcecast();
    const file = await makeAudio(MP3, 25);
    const target = `icecast://source:${icecast.password}@127.0.0.1:${icecast.port}/studio`;
    const named = ['-ice_name', 'Studio One', '-content_type', 'audio/mpeg', '-f', 'mp3', target];
    start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', ...named]);
    const node = await startDistream(`
  relay:
    reserve: 0s
    input: { type: icecast, url: "http://127.0.0.1:${icecast.port}/studio", timeout: 3s }
    outputs: [{ type: icecast, mount: /out }]`);
    await node.stream(({ state }) => state === 'live');
    const listener = listen(node.port, '/out', ['Icy-MetaData: 0']);
    const authorization = `Basic ${Buffer.from(`admin:${icecast.password}`).toString('base64')}`;
    const admin = (path: string) => get(`http://127.0.0.1:${icecast.port}/admin/${path}`, { authorization });
    await admin('metadata?mount=/studio&mode=updinfo&song=From%20-%20Icecast');
    await node.stream(({ metadata }) => metadata?.title === 'From - Icecast');
    // Icecast throws us out; we come back and are sent its burst, which we have already.
    const clients = (await admin('listclients?mount=/studio')).toString();
    await admin(`killclient?mount=/studio&id=${/<ID>(\d+)<\/ID>/i.exec(clients)![1]}`);
    await node.stream(({ inputs, state }) => inputs[0]!.reconnects === 1 && state === 'live');
    const mark = listener.body().length;
    await until('more sound', () => listener.body().length > mark + 60_000);
    const { counters } = (await node.status()).streams[0]!;
    expect(counters).toMatchObject({ gaps: 0 });
    expect(counters.overlapBytesDropped).toBeGreaterThan(0);
    expect(bytesOf(file).includes(listener.body())).toBe(true);
    expect(listener.head()).toContain('icy-name: Studio One');
    await node.stop('SIGINT');
  });

  it.concurrent('as the relay that pulls from us', async () => {
    const file = await makeAudio(MP3, 20);
    const node = await startDistream(`
  one:
    input: { type: source, mount: /in, password: e2e-secret }
    outputs: [{ type: icecast, mount: /live.mp3 }]`);
    const url = `icecast://source:e2e-secret@127.0.0.1:${node.port}/in`;
    start('ffmpeg', ['-v', 'error', '-re', '-i', file, '-c', 'copy', '-content_type', 'audio/mpeg', '-f', 'mp3', url]);
    await node.stream(({ state }) => state === 'live');
    const icecast = await startIcecast(
      `<relay><server>127.0.0.1</server><port>${node.port}</port><mount>/live.mp3</mount><local-mount>/relayed</local-mount>` +
        '<on-demand>0</on-demand><relay-shoutcast-metadata>1</relay-shoutcast-metadata></relay>',
    );
    const stats = async () => (await get(`http://127.0.0.1:${icecast.port}/status-json.xsl`)).toString();
    await until('the relay', async () => (await stats()).includes('/relayed'));
    const listener = listen(icecast.port, '/relayed');
    await until('sound', () => listener.body().length > 80_000);
    expect(bytesOf(file).includes(listener.body().subarray(0, 70_000))).toBe(true);
    const authorization = `Basic ${Buffer.from('source:e2e-secret').toString('base64')}`;
    await get(`${node.url}/admin/metadata?mount=/in&mode=updinfo&artist=Us&title=Relayed`, { authorization });
    await until('the title', async () => (await stats()).includes('Us - Relayed'));
    await node.stop('SIGINT');
  });
});
