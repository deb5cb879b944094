import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { TrackSession } from '../../tracks/view/schema.ts';
import type { CliIo } from '../io.ts';
import { pageAddress } from './page-address.ts';
import { Stops } from './stops.ts';
import { TracksPage } from './tracks-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'distream-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('--page', () => {
  it.each([
    ['8080', { host: '127.0.0.1', port: 8080 }],
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    ['studio.local:80', { host: 'studio.local', port: 80 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
  ])('takes %s', (text, address) => {
    expect(pageAddress(text)).toEqual(address);
  });

  it.each(['', 'x', ':80', '70000', '::1:80', 'a b:80', 'host:', '-1'])('refuses "%s"', (text) => {
    expect(() => pageAddress(text)).toThrow('Expected a port');
  });
});

function fakeIo() {
  let stop: (signal: 'SIGINT' | 'SIGTERM') => void = () => {};
  const exits: number[] = [];
  const io = {
    env: { DISTREAM_STATE_DIR: folder },
    clock: new FakeClock(),
    onStop: (listener: typeof stop) => {
      stop = listener;
      return () => {};
    },
    exit: (code: number) => void exits.push(code),
  } as unknown as CliIo;
  return { io, exits, press: (signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') => stop(signal) };
}

describe('Ctrl-C with a page', () => {
  it('ends the work, then the page; while the work ends it ends the program', async () => {
    const { io, exits, press } = fakeIo();
    const stops = new Stops(io);
    press();
    expect([stops.signal.aborted, exits]).toEqual([true, []]);
    press();
    expect(exits).toEqual([130]);
    const page = stops.next();
    press();
    await page;
    expect(exits).toEqual([130]);
  });

  it('leaves no page behind when a service manager stops the command', async () => {
    const { io, press } = fakeIo();
    const stops = new Stops(io);
    press('SIGTERM');
    await stops.next();
    expect(stops.signal.aborted).toBe(true);
  });
});

describe('the page of a command', () => {
  const ask = (url: string, path: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const asked = request(new URL(path, url), { agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      });
      asked.on('error', reject).end();
    });

  it('shows what is shown, and its takes to this machine', async () => {
    const notes: string[] = [];
    const { io } = fakeIo();
    const page = await TracksPage.open({
      address: { host: '127.0.0.1', port: 0 },
      takes: join(folder, 'takes'),
      io,
      onNote: (text) => notes.push(text),
    });
    try {
      expect(notes).toEqual([`Look at it at ${page.url}`]);
      expect(JSON.parse((await ask(page.url, '/api/v1/tracks')).body)).toEqual({ sessions: {} });
      const view: TrackSession = {
        kind: 'send',
        title: 'Stems',
        state: 'running',
        seconds: 1,
        words: 'told',
        flows: {},
        tracks: {},
      };
      page.show({ id: 'send', view: () => view, watch: () => {}, takeLevels: () => {} });
      expect(JSON.parse((await ask(page.url, '/api/v1/tracks')).body)).toEqual({ sessions: { send: view } });
      expect(JSON.parse((await ask(page.url, '/api/v1/takes')).body)).toEqual({ isKept: true, takes: [] });
      expect((await ask(page.url, '/api/v1/log')).status).toBe(401);
    } finally {
      await page.close();
    }
    await expect(ask(page.url, '/api/v1/tracks')).rejects.toThrow();
  });

  it('tells the password for takes where other machines can look', async () => {
    const notes: string[] = [];
    const { io } = fakeIo();
    const onNote = (text: string) => void notes.push(text);
    const page = await TracksPage.open({ address: { host: '0.0.0.0', port: 0 }, takes: folder, io, onNote });
    await page.close();
    expect(notes[1]).toMatch(/signs in there with the password \S{16,}$/);
  });
});
