import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { generatePrivateKey, generateSharedKey, publicKeyOf } from '../../src/protocols/link/keys.ts';
import { until } from './support/child.ts';
import { type DistreamProcess, distream, restartDistream, startDistream } from './support/distream.ts';
import { listen } from './support/listener.ts';
import { liveNumbers, startLiveSource } from './support/live-source.ts';
import { freePort } from './support/ports.ts';

const STATION = { 'icy-name': 'Radio Lab', 'icy-genre': 'tests', 'icy-br': '128', 'icy-pub': '1' };
const RESERVE_S = 3;
const nodes: DistreamProcess[] = [];
const sources: { close(): void }[] = [];

async function source() {
  const started = await startLiveSource(STATION);
  sources.push(started);
  return started;
}

async function node(yaml: string): Promise<DistreamProcess> {
  const started = await startDistream(yaml);
  nodes.push(started);
  return started;
}

async function again(killed: DistreamProcess): Promise<DistreamProcess> {
  const started = await restartDistream(killed);
  nodes.push(started);
  return started;
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((each) => each.stop('SIGKILL')));
  for (const each of sources.splice(0)) each.close();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** `out`: the options of its link, without braces. */
function studioYaml({ url, out }: { readonly url: string; readonly out: string }, key = ''): string {
  return `
  one:
    buffer: { keep: 30s, path: keep }
    input: { type: icecast, url: "${url}" }
    outputs: [{ type: link, ${out} }]
${key && `link: { key: ${key} }`}`;
}

function relayYaml(options: string, key = ''): string {
  return `
  one:
    buffer: { keep: 20s, path: keep }
    reserve: ${RESERVE_S}s
    input: { type: link, ${options} }
    outputs:
      - { type: recorder, path: "%{stream}/take.mp3" }
      - { type: icecast, mount: /out }
${key && `link: { key: ${key} }`}`;
}

/** Recordings in the order in which they were begun. */
function recordings({ folder }: DistreamProcess): string[] {
  const names = readdirSync(join(folder, 'one')).filter((name) => name.endsWith('.mp3'));
  return names.sort((a, b) => a.length - b.length || a.localeCompare(b)).map((name) => join(folder, 'one', name));
}

/** Numbers that do not follow the one before. */
const breaks = (numbers: readonly number[]) =>
  numbers.flatMap((number, index) => (index > 0 && number !== numbers[index - 1]! + 1 ? [index] : []));

const lines = ({ errors }: DistreamProcess, word: RegExp) =>
  errors()
    .split('\n')
    .filter((line) => word.test(line));

describe('nodes joined by a link', () => {
  it('lose, repeat and change nothing when the relay and the studio are killed', async () => {
    const keys = [generatePrivateKey(), generatePrivateKey()] as const;
    const wire = await freePort();
    const { url } = await source();
    const out = `listen: { host: 127.0.0.1, port: ${wire} }, peer: ${publicKeyOf(keys[1])}`;
    const studio = await node(studioYaml({ url, out }, keys[0]));
    const relay = await node(relayYaml(`to: "127.0.0.1:${wire}", peer: ${publicKeyOf(keys[0])}`, keys[1]));
    await relay.stream(({ buffer }) => buffer.heldSeconds > 6);
    await relay.stop('SIGKILL');
    await pause(1500);
    const relay2 = await again(relay);
    // The reserve is there from the first moment on.
    await relay2.stream(({ state, buffer }) => state === 'live' && buffer.reserveSeconds > RESERVE_S - 1);
    await pause(2000);
    await studio.stop('SIGKILL');
    await pause(1500);
    const studio2 = await again(studio);
    await studio2.stream(({ buffer }) => buffer.heldSeconds > 12);
    const player = listen(relay2.port, '/out');
    await until('sound', () => player.body().length > 40_000);
    expect(player.head()).toMatch(/icy-name: ?Radio Lab/i);
    expect(player.head()).toMatch(/icy-genre: ?tests/i);
    liveNumbers(player.body());
    const ledger = `http://127.0.0.1:${studio2.port}/one`;
    const files = recordings(relay);
    expect(files).toHaveLength(2);
    const config = join(studio.folder, 'distream.yaml');
    expect((await distream('verify', files[1]!, ledger, '--config', config)).toString()).toContain('bit-identical');
    const [before, after] = files.map((file) => liveNumbers(readFileSync(file)));
    expect(breaks(before!)).toEqual([]);
    // Where the first recording ends the second goes on, with what was kept.
    expect(after![0]!).toBeLessThanOrEqual(before!.at(-1)! + 1);
    // The studio was deaf for a while: one cut, forward.
    const cuts = breaks(after!);
    expect(cuts).toHaveLength(1);
    expect(after![cuts[0]!]!).toBeGreaterThan(after![cuts[0]! - 1]!);
    const { counters } = (await relay2.status()).streams[0]!;
    expect(counters).toMatchObject({ gaps: 1 });
  });

  it('are joined by a shared key, and lose nothing while either process stands still', async () => {
    const sharedKey = generateSharedKey();
    const wire = await freePort();
    const { url } = await source();
    const studio = await node(studioYaml({ url, out: `to: "127.0.0.1:${wire}", sharedKey: ${sharedKey}` }));
    const relay = await node(relayYaml(`listen: { host: 127.0.0.1, port: ${wire} }, sharedKey: ${sharedKey}`));
    await relay.stream(({ state }) => state === 'live');
    const player = listen(relay.port, '/out');
    await until('sound', () => player.body().length > 30_000);
    for (const { process } of [studio, relay]) {
      process.kill('SIGSTOP');
      await pause(3000);
      process.kill('SIGCONT');
      const before = player.body().length;
      await until('more sound', () => player.body().length > before + 40_000);
    }
    expect(breaks(liveNumbers(player.body()))).toEqual([]);
  });

  it('stay apart with a wrong key, and say so once', async () => {
    const keys = [generatePrivateKey(), generatePrivateKey()] as const;
    const stranger = generatePrivateKey();
    const wire = await freePort();
    const { url } = await source();
    const out = `listen: { host: 127.0.0.1, port: ${wire} }, peer: ${publicKeyOf(keys[1])}`;
    const studio = await node(studioYaml({ url, out }, keys[0]));
    const relay = await node(relayYaml(`to: "127.0.0.1:${wire}", peer: ${publicKeyOf(keys[0])}`, stranger));
    await until('the refusal', () => lines(studio, /refused/).length > 0);
    await pause(4000);
    expect(lines(studio, /refused/)).toHaveLength(1);
    // Each of its addresses is told of once.
    expect(lines(relay, /cannot reach .* by UDP/)).toHaveLength(1);
    expect(lines(relay, /cannot reach .* by TLS/)).toHaveLength(1);
    expect(lines(relay, /cannot reach/)).toHaveLength(2);
    expect((await relay.status()).streams[0]!.state).toBe('waiting');
  });
});
