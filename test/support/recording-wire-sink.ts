import type { SessionWriter } from '../../src/modules/session.ts';
import { MessageDecoder } from '../../src/protocols/distreamer/message-codec.ts';
import type { WireReader, WireSink } from '../../src/protocols/distreamer/wire-reader.ts';
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

/** Feeds one connection's bytes to a reader and ends its session. */
export function feedReader(reader: WireReader, sessions: RecordingSessions, portions: Iterable<Buffer>): void {
  const decoder = new MessageDecoder();
  reader.connect(recordingWireSink(sessions));
  for (const portion of portions) {
    decoder.push(portion, (message) => {
      if (message.action !== 'err') reader.push(message);
    });
  }
  sessions.close();
}
