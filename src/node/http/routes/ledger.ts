/**
 * The ledger of a stream, for `distream verify`: administrators only, since it tells which audio comes from where.
 * @module
 */
import { parseUtcMs } from '../../../core/utc-time.ts';
import { ledgerDocumentSchema, ledgerWithin, writeLedgerDocument } from '../../../protocols/link/ledger-document.ts';
import { operation } from '../operation.ts';
import { type Answer, type Exchange, type Route, text } from '../route.ts';

const BEFORE = '/api/v1/streams/';
const AFTER = '/ledger';
/** Of the ledger of a stream: microseconds. */
const TICKS_PER_SECOND = 1_000_000;

function answerLedger({ view, path, fields }: Exchange): Answer {
  const stream = path.slice(BEFORE.length, -AFTER.length);
  if (!view.status().streams.some(({ name }) => name === stream)) return text('There is no such stream\r\n', 404);
  const ledger = view.ledger(stream);
  if (!ledger) return text('This stream keeps no ledger: none of its inputs and outputs is a link\r\n', 404);
  const from = timeOf(fields.raw('from'), Number.NEGATIVE_INFINITY);
  const to = timeOf(fields.raw('to'), Number.POSITIVE_INFINITY);
  if (from === undefined || to === undefined) {
    return text('from and to are times in ISO 8601, e.g. 2026-11-21T09:00:00Z\r\n', 400);
  }
  const body = writeLedgerDocument(ledgerWithin(ledger, from, to), { stream, ticksPerSecond: TICKS_PER_SECOND });
  return { status: 200, contentType: 'application/json; charset=utf-8', body };
}

function timeOf(text: string | undefined, without: number): number | undefined {
  return text === undefined ? without : parseUtcMs(text);
}

/** The route. */
export const LEDGER_ROUTES: readonly Route[] = [
  operation({
    path: `${BEFORE}*${AFTER}`,
    method: 'GET',
    role: 'admin',
    isPlain: true,
    tag: 'streams',
    summary: 'The account of the audio of a stream that has a link',
    params: [['NAME', 'Name of a stream']],
    query: [
      ['from', 'Begin of a time, ISO 8601'],
      ['to', 'Its end'],
    ],
    answers: {
      200: { description: 'The ledger', schema: ledgerDocumentSchema },
      400: { description: 'A time is wrong' },
      404: { description: 'There is no such stream, or it keeps no ledger' },
    },
    handle: answerLedger,
  }),
];
