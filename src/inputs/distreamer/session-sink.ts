import { cleanText } from '../../core/text.ts';
import type { InputContext } from '../../modules/input.ts';
import type { SessionWriter } from '../../modules/session.ts';
import type { WireSink } from '../../protocols/distreamer/wire-reader.ts';

/** A sink that opens sessions of the input; `end` ends the one that is open. */
export function sessionSink(
  { openSession }: Pick<InputContext<unknown>, 'openSession'>,
  peer: string,
): { sink: WireSink; end: () => void } {
  let writer: SessionWriter | undefined;
  const end = () => {
    writer?.end();
    writer = undefined;
  };
  const sink: WireSink = {
    begin: ({ contentType, continuity, station }) => {
      const type = contentType === undefined ? undefined : cleanText(contentType, 200) || undefined;
      writer = openSession({ contentType: type, continuity, station, peer });
    },
    audio: (data) => writer?.write(data),
    metadata: (metadata) => writer?.setMetadata(metadata),
    discontinuity: (cause, lostMs) => writer?.discontinuity(cause, lostMs),
    end,
  };
  return { sink, end };
}
