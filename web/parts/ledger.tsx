import { useEffect, useState } from 'preact/hooks';
import { getJson, streamPath } from '../api.ts';
import { me, nowMs } from '../feed.ts';
import { bytes, clockTime, seconds } from '../format.ts';
import { texts } from '../texts.ts';
import type { StreamStatus } from '../types.ts';

interface LedgerDocument {
  readonly gaps: readonly { cause: string; lostMs?: number; utcMs: number }[];
  readonly blocks: readonly { utcMs: number }[];
}

/** The whole ledger is asked for once in so long. */
const ASK_MS = 15_000;

function useLedger(stream: StreamStatus): LedgerDocument | undefined {
  const [ledger, setLedger] = useState<LedgerDocument>();
  const isAllowed = me.value.role === 'admin' && stream.ledger !== undefined;
  const step = Math.floor(nowMs.value / ASK_MS);
  useEffect(() => {
    if (!isAllowed) return;
    getJson<LedgerDocument>(streamPath(stream.name, 'ledger')).then(setLedger, () => {});
  }, [stream.name, isAllowed, step]);
  return ledger;
}

function since(ledger: LedgerDocument): number | undefined {
  return ledger.gaps.at(-1)?.utcMs ?? ledger.blocks[0]?.utcMs;
}

/** The account that proves continuity. */
export function Ledger({ stream }: { stream: StreamStatus }) {
  const ledger = useLedger(stream);
  const words = texts.stream.ledgerFacts;
  const { counters } = stream;
  const received = stream.inputs.reduce((total, input) => total + input.bytes, 0);
  const sent = stream.outputs.reduce((total, output) => total + (output.counters.bytes_sent ?? 0), 0);
  const identicalSince = ledger && since(ledger);
  const troubles = counters.gaps + counters.stalls;
  const causes = Object.entries(counters.causes)
    .filter(([, count]) => count > 0)
    .map(([cause, count]) => `${count} × ${texts.stream.causes[cause] ?? cause}`);
  const rows: [string, string][] = [
    [words.in, bytes(received)],
    [words.out, bytes(sent)],
    ...(stream.ledger
      ? [
          [words.audio, `${bytes(stream.ledger.audioBytes)}, ${seconds(stream.ledger.audioSeconds)}`] as [
            string,
            string,
          ],
        ]
      : []),
    [words.gaps, causes.length > 0 ? `${counters.gaps} (${texts.and(causes)})` : String(counters.gaps)],
    [words.gapTime, seconds(counters.gapSeconds)],
    [words.stalls, counters.stalls > 0 ? `${counters.stalls} (${seconds(counters.stallSeconds)})` : '0'],
    [words.repeats, String(counters.repeats)],
    [words.skipped, bytes(counters.skippedBytes)],
    [words.overlap, bytes(counters.overlapBytesDropped)],
  ];
  return (
    <section class="panel" aria-labelledby="ledger">
      <h2 id="ledger">{texts.stream.ledger}</h2>
      <p>
        {identicalSince !== undefined
          ? texts.stream.identical(`${new Date(identicalSince).toLocaleDateString()} ${clockTime(identicalSince)}`)
          : troubles > 0
            ? texts.stream.notIdentical(troubles)
            : texts.stream.unbroken}
      </p>
      <dl class="facts">
        {rows.map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd class="number">{value}</dd>
          </div>
        ))}
      </dl>
      {!stream.ledger && <p class="quiet">{texts.stream.ledgerNone}</p>}
    </section>
  );
}
