import type { InputReport } from '../../modules/input.ts';
import { WireReader, type WireReaderOptions } from '../../protocols/distreamer/wire-reader.ts';

/** The reader of the attempts before, or a new one: what is held outlives a connection. */
export function keptReader(memory: Map<string, unknown>, options?: WireReaderOptions): WireReader {
  const known = memory.get('reader');
  if (known instanceof WireReader) return known;
  const reader = new WireReader(options);
  memory.set('reader', reader);
  return reader;
}

/** What the status shows of a reader. */
export function reportOf(reader: WireReader): Required<Pick<InputReport, 'counters' | 'detail'>> {
  const { fragments, fragmentsRepeated, fragmentsMissing, gaps } = reader.counters;
  const held = reader.heldNumbers;
  return {
    counters: { fragments, fragments_repeated: fragmentsRepeated, fragments_missing: fragmentsMissing, gaps },
    detail: {
      ...(reader.sourceGeneration !== undefined && { sourceGeneration: reader.sourceGeneration }),
      ...(held.length > 0 && { newestFragment: held.at(-1)! }),
    },
  };
}
