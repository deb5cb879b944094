import { describe, expect, it } from 'vitest';
import { fakeNodeView, fakeStream } from '../../../test/support/fake-node-view.ts';
import { type Question, serve } from '../../../test/support/http-client.ts';
import { FailureLimiter } from '../../net/failure-limiter.ts';
import { ContinuityLedger, LEDGER_BLOCK_BYTES } from '../../protocols/link/ledger.ts';
import { readLedgerDocument } from '../../protocols/link/ledger-document.ts';
import { createRequestListener } from './router.ts';

const NINE = Date.UTC(2026, 10, 21, 9);

function ledgerOfTwoBlocks() {
  let utcMs = NINE;
  const ledger = new ContinuityLedger(() => utcMs);
  ledger.audio('e1', 0, Buffer.alloc(LEDGER_BLOCK_BYTES), 1000);
  utcMs += 3_600_000;
  ledger.audio('e1', LEDGER_BLOCK_BYTES, Buffer.alloc(100), 10);
  return ledger.snapshot();
}

async function ask(path: string, question: Question = { login: 'admin:secret' }) {
  const view = fakeNodeView({ streams: [fakeStream(), fakeStream({ name: 'no ledger' }), fakeStream({ name: 'é' })] });
  view.ledgers.set('morning', ledgerOfTwoBlocks()).set('é', ledgerOfTwoBlocks());
  const harness = await serve(createRequestListener(view, { failures: new FailureLimiter({ clock: view.clock }) }));
  return harness.ask(path, question).finally(() => harness.close());
}

describe('GET /api/v1/streams/NAME/ledger', () => {
  it('answers the whole ledger to the administrator alone', async () => {
    const reply = await ask('/api/v1/streams/morning/ledger');
    expect(reply.headers['content-type']).toContain('application/json');
    expect(readLedgerDocument(reply.body)).toEqual({
      stream: 'morning',
      ticksPerSecond: 1_000_000,
      ledger: ledgerOfTwoBlocks(),
    });
    expect((await ask('/api/v1/streams/%C3%A9/ledger')).status).toBe(200);
    expect((await ask('/api/v1/streams/morning/ledger', {})).status).toBe(401);
  });

  it('leaves out other times', async () => {
    const bytes = async (query: string) => {
      const { body } = await ask(`/api/v1/streams/morning/ledger?${query}`);
      return readLedgerDocument(body)?.ledger.blocks.map((block) => block.bytes);
    };
    expect(await bytes('from=2026-11-21T10:00:00Z')).toEqual([100]);
    expect(await bytes('to=2026-11-21T10:00')).toEqual([LEDGER_BLOCK_BYTES]);
    expect(await bytes('from=2026-11-21T10:00%2B01:00&to=2026-11-22')).toEqual([LEDGER_BLOCK_BYTES, 100]);
    expect((await ask('/api/v1/streams/morning/ledger?from=nine')).status).toBe(400);
  });

  it.each([
    ['/api/v1/streams/evening/ledger', 'no such stream'],
    ['/api/v1/streams/__proto__/ledger', 'no such stream'],
    ['/api/v1/streams/no%20ledger/ledger', 'keeps no ledger'],
    ['/api/v1/streams/ledger', 'could not be found'],
    ['/api/v1/streams/a/b/ledger', 'could not be found'],
  ])('answers 404 to %s', async (path, words) => {
    const reply = await ask(path);
    expect(reply.status).toBe(404);
    expect(reply.body).toContain(words);
  });
});
