import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeSourceMount, fakeNodeView } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, serve } from '../../../test/support/http-client.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { createRequestListener } from './router.ts';

const SOURCE = { login: 'source:hackme2' };
const ADMIN = { login: 'admin:secret' };
const DONE =
  '<?xml version="1.0"?>\n<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>\n';

let harness: HttpHarness;
afterEach(() => harness.close());

async function start(...sources: FakeSourceMount[]) {
  const used = sources.length > 0 ? sources : [new FakeSourceMount('/studio')];
  const view = fakeNodeView({ sources: used });
  const failures = new FailureLimiter({ clock: view.clock, limit: 1000 });
  harness = await serve(createRequestListener(view, { failures }));
  return { ask: harness.ask, source: used[0]!, failures };
}

/** A source mount as SHOUTcast knows it: one password and no user. */
class FakeShoutcastMount extends FakeSourceMount {
  readonly #password: string;
  connected = true;

  constructor(mount: string, password: string) {
    super(mount, mount);
    this.#password = password;
  }

  override checkCredentials(): boolean {
    return false;
  }

  matches(line: string): boolean {
    return line === this.#password;
  }

  acceptShoutcast(): void {}

  override source(): ReturnType<FakeSourceMount['source']> {
    return (this.connected ? super.source() : undefined) as ReturnType<FakeSourceMount['source']>;
  }
}

describe('/admin/metadata', () => {
  it('takes a title with the credentials of the source, the administrator, or pass=', async () => {
    const { ask, source } = await start();
    const update = '/admin/metadata?mount=/studio&mode=updinfo&song=A%20-%20T%26x';
    expect(await ask(update, SOURCE)).toMatchObject({
      status: 200,
      body: DONE,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
    });
    expect((await ask(update, ADMIN)).body).toBe(DONE);
    expect((await ask(`${update}&pass=hackme2`)).body).toBe(DONE);
    expect((await ask(`${update}&pass=source:hackme2`)).body).toBe(DONE);
    expect(source.titles).toEqual(Array(4).fill({ song: 'A - T&x' }));
  });

  it('takes artist and title apart, the URL, and the mount of the listeners', async () => {
    const { ask, source } = await start();
    await ask('/admin/metadata?mount=/live.mp3&mode=updinfo&artist=A&title=T&url=http%3A%2F%2Fx', SOURCE);
    expect(source.titles).toEqual([{ artist: 'A', title: 'T', url: 'http://x' }]);
  });

  it('takes a form', async () => {
    const { ask, source } = await start();
    const body = Buffer.from('mount=/studio&mode=updinfo&song=Gr\xfc\xdfe+2', 'latin1');
    expect((await ask('/admin/metadata', { method: 'POST', ...SOURCE, body })).body).toBe(DONE);
    expect(source.titles).toEqual([{ song: 'Grüße 2' }]);
  });

  it('finds out the charset, or believes the one that is named', async () => {
    const { ask, source } = await start();
    const songs = [
      'song=%C3%BC',
      'song=%FC',
      'song=%97%93',
      'song=%FC&charset=iso-8859-1',
      'song=%EC&charset=koi8-r',
      'song=%FC&charset=nonsense',
      'song=%83%65&charset=shift_jis',
    ];
    for (const song of songs) await ask(`/admin/metadata?mount=/studio&${song}`, SOURCE);
    expect(source.titles.map(({ song }) => song)).toEqual(['ü', 'ü', '—“', 'ü', 'Л', 'ü', 'テ']);
  });

  it('makes every title one line of plain text', async () => {
    const { ask, source } = await start();
    const text = fc.uint8Array({ maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(text, async (bytes) => {
        const song = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
        await ask(`/admin/metadata?mount=/studio&song=${song}`, SOURCE);
        expect(source.titles.at(-1)?.song).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/u);
      }),
      { numRuns: 50 },
    );
  });

  it('says what Icecast says', async () => {
    const { ask, source } = await start();
    const command = (query: string, question = ADMIN) => ask(`/admin/metadata?${query}`, question);
    expect((await command('mount=/studio&mode=foo&song=x')).body).toContain(
      '<message>No such action</message><return>0</return>',
    );
    expect(await command('mount=/no&song=x')).toMatchObject({
      status: 400,
      body: expect.stringContaining('Source does not exist'),
    });
    expect(await command('song=x')).toMatchObject({
      status: 400,
      body: expect.stringContaining('Unknown admin request'),
    });
    expect((await command('mount=/studio&mode=updinfo')).body).toBe(DONE);
    source.outcome = 'unsupported';
    expect((await command('mount=/studio&song=x')).body).toContain(
      '<message>Mountpoint will not accept URL updates</message><return>1</return>',
    );
    source.outcome = 'no-source';
    expect((await command('mount=/studio&song=x')).status).toBe(400);
  });

  it('tells strangers nothing, and counts their failures', async () => {
    const { ask, source, failures } = await start();
    const replies = [
      await ask('/admin/metadata?mount=/studio&song=x'),
      await ask('/admin/metadata?mount=/no&song=x'),
      await ask('/admin/metadata?mount=/studio&song=x', { login: 'source:wrong' }),
      await ask('/admin/metadata?mount=/no&song=x', SOURCE),
      await ask('/admin/metadata?mount=/studio&song=x&pass=wrong'),
    ];
    for (const reply of replies) expect(reply).toMatchObject({ status: 401, body: replies[0]!.body });
    expect(source.titles).toEqual([]);
    for (let count = 3; count < 1000; count++) failures.count('203.0.113.9');
    expect((await ask('/admin/metadata?mount=/studio&song=x', SOURCE)).status).toBe(429);
  });
});

describe('/admin.cgi', () => {
  it('finds the mount by its password', async () => {
    const [one, two] = [new FakeShoutcastMount('/one', 'first'), new FakeShoutcastMount('/two', 'second')];
    const { ask } = await start(one, two);
    expect((await ask('/admin.cgi?pass=second&mode=updinfo&song=A%20-%20T')).body).toBe(DONE);
    expect([one.titles, two.titles]).toEqual([[], [{ song: 'A - T' }]]);
    expect((await ask('/admin.cgi?pass=wrong&mode=updinfo&song=x')).status).toBe(401);
    expect((await ask('/admin.cgi?mode=updinfo&song=x')).status).toBe(401);
  });

  it('prefers the mount that this encoder sends to, then one that has a source', async () => {
    const [one, two] = [new FakeShoutcastMount('/one', 'same'), new FakeShoutcastMount('/two', 'same')];
    const { ask } = await start(one, two);
    one.connected = false;
    await ask('/admin.cgi?pass=same&song=x');
    expect([one.titles.length, two.titles.length]).toEqual([0, 1]);
    one.connected = true;
    two.source = () => ({ address: '192.0.2.77', agent: '', connectedUtcMs: 0, bytesRead: 0 });
    await ask('/admin.cgi?pass=same&song=x', { from: '192.0.2.77' });
    expect([one.titles.length, two.titles.length]).toEqual([0, 2]);
    await ask('/admin.cgi?pass=same&song=x&mount=/one');
    expect([one.titles.length, two.titles.length]).toEqual([1, 2]);
  });
});
