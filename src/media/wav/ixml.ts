import { cleanText } from '../../core/text.ts';

/** What an `iXML` chunk tells beyond `bext`: names of tracks, and the time to the sample for programs that read it there. */
export interface IxmlFields {
  /** One for each channel of the file. */
  readonly trackNames: readonly string[];
  readonly sampleRate: number;
  readonly bitsPerSample: number;
  /** Sample frames from midnight to the first one. */
  readonly timeReference: number;
  readonly note?: string;
}

/** The body of an `iXML` chunk (iXML specification 1.61: TRACK_LIST, SPEED), in UTF-8. */
export function buildIxml(fields: IxmlFields): Buffer {
  const tracks = fields.trackNames.map(
    (name, index) =>
      `<TRACK><CHANNEL_INDEX>${index + 1}</CHANNEL_INDEX><INTERLEAVE_INDEX>${index + 1}</INTERLEAVE_INDEX><NAME>${escaped(name)}</NAME></TRACK>`,
  );
  const { sampleRate, bitsPerSample, timeReference, note } = fields;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<BWFXML>',
    '<IXML_VERSION>1.61</IXML_VERSION>',
    ...(note === undefined ? [] : [`<NOTE>${escaped(note)}</NOTE>`]),
    '<SPEED>',
    `<FILE_SAMPLE_RATE>${sampleRate}</FILE_SAMPLE_RATE>`,
    `<AUDIO_BIT_DEPTH>${bitsPerSample}</AUDIO_BIT_DEPTH>`,
    `<DIGITIZER_SAMPLE_RATE>${sampleRate}</DIGITIZER_SAMPLE_RATE>`,
    `<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>${Math.floor(timeReference / 2 ** 32)}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>`,
    `<TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>${timeReference % 2 ** 32}</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>`,
    `<TIMESTAMP_SAMPLE_RATE>${sampleRate}</TIMESTAMP_SAMPLE_RATE>`,
    '</SPEED>',
    `<TRACK_LIST><TRACK_COUNT>${tracks.length}</TRACK_COUNT>`,
    ...tracks,
    '</TRACK_LIST>',
    '</BWFXML>',
  ];
  return Buffer.from(`${lines.join('\n')}\n`);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escaped(text: string): string {
  return cleanText(text, 256).replace(/[&<>]/g, (character) => ENTITIES[character]!);
}
