import type { AudioItem } from '../../src/core/audio-item.ts';
import { RecordIntake } from '../../src/inputs/link/record-intake.ts';
import { createFramer } from '../../src/media/detect.ts';
import { RecordReader, type StreamRecord } from '../../src/protocols/link/stream-records.ts';
import { audioFixture } from './audio.ts';

/** The epoch of the channel in these tests. */
export const CHANNEL_EPOCH = 'c0c0c0c0c0c0c0c0';
/** The run of what `fixtureItems` gives. */
export const RUN_EPOCH = 'a1a1a1a1a1a1a1a1';

/** The frames of a file as a stream has them, with titles now and then. */
export function fixtureItems(name: string, contentType?: string): AudioItem[] {
  const framer = createFramer({ contentType });
  const frames = [...framer.push(audioFixture(name)), ...framer.flush()];
  let byte = 0;
  let metadata: AudioItem['metadata'];
  return frames.map(({ data, durationUs, format }, index) => {
    if (index % 40 === 5) metadata = { title: `Artist - Title ${index}`, artist: 'Artist' };
    const origin = { epoch: RUN_EPOCH, byte };
    byte += data.length;
    return { data, durationUs, format, metadata, discontinuity: undefined, origin };
  });
}

/** Reads the bytes of a channel as an input does. */
export function receivedItems(bytes: Buffer): { items: AudioItem[]; records: StreamRecord[] } {
  const items: AudioItem[] = [];
  const intake = new RecordIntake((item) => items.push(item));
  const records = new RecordReader().push(bytes);
  let audioOffset = 0;
  for (const record of records) {
    intake.record(record, CHANNEL_EPOCH, audioOffset);
    if (record.type === 'audio') audioOffset += record.data.length;
  }
  return { items, records };
}
