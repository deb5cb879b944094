import type { SessionWriter } from '../../src/modules/session.ts';
import type { WireSink } from '../../src/protocols/distreamer/wire-reader.ts';
import type { RecordingSessions } from './recording-session.ts';

/** A sink whose sessions are recorded as those of an input. */
export function recordingWireSink(sessions: RecordingSessions): WireSink {
  let writer: SessionWriter | undefined;
  return {
    begin: (session) => {
      writer = sessions.open(session);
    },
    audio: (data) => writer!.write(data),
    metadata: (metadata) => writer!.setMetadata(metadata),
    discontinuity: (cause, lostMs) => writer!.discontinuity(cause, lostMs),
    end: () => writer!.end(),
  };
}
