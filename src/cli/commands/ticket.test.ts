import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeIo } from '../../../test/support/fake-io.ts';
import { parseSwarmUrl } from '../../protocols/swarm/swarm-url.ts';
import { admits } from '../../protocols/swarm/ticket.ts';
import { runDistream } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'ticket-'));
const file = join(folder, 'tickets.key');
const url = `pdtps://example.org/a/song.mp3#key=${'A'.repeat(43)}`;
afterEach(() => rmSync(file, { force: true }));

async function ticketOf(...args: string[]) {
  const io = new FakeIo();
  const code = await runDistream(['ticket', file, ...args], io);
  const parsed = parseSwarmUrl(io.stdout.trim());
  return { code, io, parsed, nowUtcSeconds: Math.floor(io.clock.utcMs() / 1000) };
}

describe('distream ticket', () => {
  it('prints the address with a ticket of a day, and keeps the key for itself', async () => {
    const { code, parsed, nowUtcSeconds } = await ticketOf(url);
    const key = readFileSync(file, 'utf8').trim();
    expect([code, parsed?.path, parsed?.key?.length]).toEqual([0, '/a/song.mp3', 32]);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(admits(parsed!.ticket!, key, '/a/song.mp3', nowUtcSeconds + 86_390)).toBe(true);
    expect(admits(parsed!.ticket!, key, '/a/song.mp3', nowUtcSeconds + 86_410)).toBe(false);
    expect(admits(parsed!.ticket!, key, '/b', nowUtcSeconds)).toBe(false);
  });

  it('makes one for all paths and for so many hours, in the place of another', async () => {
    writeFileSync(file, 'a key that was there before\n');
    const { parsed, nowUtcSeconds } = await ticketOf(`${url}&ticket=YQ`, '--all', '--hours', '2');
    const admitted = (seconds: number) => admits(parsed!.ticket!, 'a key that was there before', '/b', seconds);
    expect([admitted(nowUtcSeconds + 7190), admitted(nowUtcSeconds + 7210)]).toEqual([true, false]);
  });

  it('refuses what is no address, and a key that is too short', async () => {
    expect((await ticketOf('pdtp://example.org/x')).code).toBe(2);
    writeFileSync(file, 'short\n');
    expect((await ticketOf(url)).io.stderr).toMatch(/16 characters/);
  });

  it.each([['ticket', file], ['get']])('shows no ticket of an address that is none (%s)', async (...command) => {
    const io = new FakeIo();
    expect(await runDistream([...command, 'pdtps://example.org/a#key=short&ticket=c2VjcmV0'], io)).toBe(2);
    expect(io.stderr).toContain('ticket=***');
    expect(io.stderr).not.toContain('c2VjcmV0');
  });
});
