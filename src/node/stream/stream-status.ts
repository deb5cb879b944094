import { endMediaTimeUs, type TrackMetadata } from '../../core/fragment.ts';
import type { LedgerSummary } from '../../protocols/link/ledger.ts';
import type { StreamSample } from '../history/stream-history.ts';
import type { StreamStatus } from '../status/schema.ts';
import type { Stream } from './stream.ts';

const seconds = (ms: number) => Math.round(Math.max(0, ms)) / 1000;
const shown = ({ title, artist, url }: TrackMetadata) => ({
  title,
  ...(artist !== undefined ? { artist } : {}),
  ...(url !== undefined ? { url } : {}),
});

/** The status of one stream as the API gives it. */
export function streamStatus(stream: Stream): StreamStatus {
  const { buffer, playout, stats, config } = stream;
  const format = buffer.newest?.format;
  const ledger = stream.ledger?.summary();
  const note = stream.activeInput?.ingest.note;
  return {
    name: stream.name,
    state: stateOf(stream),
    since: new Date(stream.stateSinceUtcMs).toISOString(),
    ...(format
      ? {
          format: {
            codec: format.codec,
            contentType: format.contentType,
            ...(format.sampleRate !== undefined ? { sampleRate: format.sampleRate } : {}),
            ...(format.channels !== undefined ? { channels: format.channels } : {}),
            ...(note ? { note } : {}),
          },
        }
      : {}),
    ...(buffer.heldMs > 0 ? { bitrateKbps: Math.round(measuredKbps(stream) * 10) / 10 } : {}),
    lastsSeconds: playout.released ? seconds(playout.reserveMs) : 0,
    buffer: {
      heldSeconds: seconds(buffer.heldMs),
      ...('ms' in config.buffer ? { keepSeconds: seconds(config.buffer.ms) } : {}),
      fragments: buffer.count,
      bytes: buffer.bytes,
      reserveSeconds: seconds(playout.reserveMs),
      reserveTargetSeconds: seconds(playout.targetMs),
      reserveLowestSeconds: seconds(stats.reserveLowestMs ?? playout.reserveMs),
      reserveLowestHourSeconds: seconds(stats.reserveLowestHourMs ?? playout.reserveMs),
    },
    ...(stream.activeInput ? { clock: clockStatus(playout.sourceClock) } : {}),
    counters: {
      gaps: stats.gaps,
      gapSeconds: seconds(stats.gapMs),
      stalls: stats.stalls,
      stallSeconds: seconds(stats.stalledMs),
      // What is known to repeat is dropped (`overlapBytesDropped`); only a ledger can tell that some was played.
      repeats: ledger?.repeatCount ?? 0,
      causes: { ...stats.causes },
      skippedBytes: sum(stream, (counts) => counts.skippedBytes),
      overlapBytesDropped: sum(stream, (counts) => counts.counters.overlapBytesDropped),
    },
    ...(ledger ? { ledger: ledgerStatus(ledger) } : {}),
    ...(stream.metadata ? { metadata: shown(stream.metadata) } : {}),
    titles: stats.titles.map(({ metadata, atUtcMs }) => ({ ...shown(metadata), at: new Date(atUtcMs).toISOString() })),
    inputs: stream.inputs.map((input) => input.status(input === stream.activeInput)),
    outputs: stream.outputs.map((output) => output.status()),
  };
}

/** What the history keeps of a stream; cheaper than its status. */
export function streamSample(stream: Stream, utcMs: number): StreamSample {
  const { buffer, playout, stats, outputs } = stream;
  const { released } = playout;
  return {
    state: stateOf(stream),
    // That a fallback took over is told by the state.
    gaps: stats.gaps - stats.causes['input-switch'] + stats.stalls,
    reserveSeconds: seconds(playout.reserveMs),
    bitrate: buffer.heldMs > 0 ? measuredKbps(stream) : undefined,
    listeners: outputs.reduce((total, output) => total + output.listeners, 0),
    latencySeconds: released && seconds(utcMs - (released.startTimeUs + released.durationUs) / 1000),
  };
}

function ledgerStatus({ epoch, firstByte, endByte, audioBytes, ticks, gapCount, repeatCount }: LedgerSummary) {
  return {
    ...(epoch === undefined || firstByte === undefined || endByte === undefined ? {} : { epoch, firstByte, endByte }),
    audioBytes,
    audioSeconds: seconds(ticks / 1000), // a stream's ticks are microseconds
    gaps: gapCount,
    repeats: repeatCount,
  };
}

/** The state of a stream in a word; the schema says what each means. */
export function stateOf(stream: Stream): StreamStatus['state'] {
  const { activeInput, playout, stats } = stream;
  if (!activeInput) return 'waiting';
  if (!playout.released) return 'filling';
  if (activeInput.delivering) return activeInput === stream.inputs[0] ? 'live' : 'fallback';
  return stats.stalled || playout.reserveMs <= 0 ? 'silent' : 'reserve';
}

function clockStatus({ drift, confident }: Stream['playout']['sourceClock']): StreamStatus['clock'] {
  // Adding 0 makes of -0, which a small negative drift is rounded to, 0.
  return { driftPpm: Math.round(drift * 1e7) / 10 + 0, confident };
}

/** Bitrate over the newest ten seconds held. */
function measuredKbps({ buffer }: Stream): number {
  const newest = buffer.newest!;
  const endUs = endMediaTimeUs(newest);
  const first = buffer.at(endUs - 10e6)!;
  let bytes = 0;
  for (const fragment of buffer.from(first.sequence)) bytes += fragment.data.length;
  const durationUs = endUs - first.mediaTimeUs;
  return durationUs > 0 ? (bytes * 8000) / durationUs : 0;
}

function sum(stream: Stream, count: (ingest: Stream['inputs'][number]['ingest']) => number): number {
  return stream.inputs.reduce((total, input) => total + count(input.ingest), 0);
}
