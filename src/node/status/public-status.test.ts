import { describe, expect, it } from 'vitest';
import { FakeListenerMount, fakeNodeView, fakeStream } from '../../../test/support/fake-node-view.ts';
import { type HttpHarness, serve } from '../../../test/support/http-client.ts';
import { ERRORS } from '../../core/error-codes.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { createRequestListener } from '../http/router.ts';
import { publicStatus } from './public-status.ts';
import { nodeStatusSchema } from './schema.ts';

const SECRETS = /10\.0\.0\.7|studio|Icecast 2|private|srv|archive/;

async function withNode(view: ReturnType<typeof fakeNodeView>, use: (harness: HttpHarness) => Promise<void>) {
  const failures = new FailureLimiter({ clock: view.clock });
  const harness = await serve(createRequestListener(view, { failures }));
  await use(harness).finally(() => harness.close());
}

describe('the public status', () => {
  it('is a status without addresses, programs, files and error details', () => {
    const whole = fakeNodeView().status();
    const shown = publicStatus(whole, new Set(['/live.mp3']));
    expect(nodeStatusSchema.parse(shown)).toEqual(shown);
    expect(JSON.stringify(shown)).not.toMatch(SECRETS);
    expect(shown.streams[0]!.outputs[0]!.target).toBe('/live.mp3');
    expect(shown.streams[0]!.inputs[0]!.lastError).toMatchObject({
      code: 'UNREACHABLE',
      message: 'the other side cannot be reached',
    });
  });

  it('says no more of any error than its code and general words', () => {
    const input = fakeStream().inputs[0]!;
    for (const code of Object.keys(ERRORS)) {
      const lastError = { code, message: 'at 10.0.0.7', at: input.since };
      const view = fakeNodeView({ streams: [fakeStream({ inputs: [{ ...input, lastError }] })] });
      expect(JSON.stringify(publicStatus(view.status(), new Set()))).not.toMatch(SECRETS);
    }
  });
});

describe('GET /api/v1/status', () => {
  it('answers everyone in public, the administrator in full, and a wrong password not at all', async () => {
    await withNode(fakeNodeView(), async ({ ask }) => {
      const shown = await ask('/api/v1/status');
      expect(shown.body).not.toMatch(SECRETS);
      expect(nodeStatusSchema.parse(JSON.parse(shown.body)).streams).toHaveLength(1);
      expect((await ask('/api/v1/status', { login: 'admin:secret' })).body).toContain('http://10.0.0.7:8000/studio');
      expect((await ask('/api/v1/status', { login: 'admin:wrong' })).status).toBe(401);
    });
  });

  it('keeps hidden mounts to itself', async () => {
    const view = fakeNodeView({ listeners: [new FakeListenerMount('/live.mp3', { hidden: true })] });
    await withNode(view, async ({ ask }) => {
      expect((await ask('/api/v1/status')).body).not.toContain('live.mp3');
    });
  });
});
