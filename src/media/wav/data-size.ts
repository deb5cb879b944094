/** What is known of a file's audio when its `data` chunk begins. */
export interface DataSizeFacts {
  /** Bytes of the whole file; Infinity where it has no end that is known. */
  readonly fileBytes: number;
  /** Where the audio begins. */
  readonly dataStart: number;
  /** The 32-bit size of the file's outer chunk. */
  readonly riffSize: number;
  /** The 32-bit size of the `data` chunk. */
  readonly declared: number;
  /** What a `ds64` chunk says; undefined where there is none, or the file is plain RIFF. */
  readonly declared64: number | undefined;
  readonly frameBytes: number;
}

const UNKNOWN_SIZE = 0xffffffff;

/**
 * How many bytes of audio a file has, in whole sample frames. The size in the header is believed as far as the file
 * goes; a writer that was stopped, or wrote to a pipe, left 0, 0xFFFFFFFF or too much there, and one that passed 4 GiB
 * a size without its higher bits.
 * @param warn is told, in words for people, what is not as it should be
 */
export function dataBytesOf(facts: DataSizeFacts, warn: (warning: string) => void): number {
  const present = Math.max(0, facts.fileBytes - facts.dataStart);
  const bytes = Math.min(present, believedBytes(facts, present, warn));
  const whole = Number.isFinite(bytes) ? bytes - (bytes % facts.frameBytes) : bytes;
  if (whole !== bytes) warn(`the audio ends inside a sample frame: its last ${bytes - whole} bytes are left out`);
  return whole;
}

function believedBytes(facts: DataSizeFacts, present: number, warn: (warning: string) => void): number {
  const { declared, declared64, riffSize, fileBytes } = facts;
  const size = declared === UNKNOWN_SIZE && declared64 !== undefined ? declared64 : declared;
  if (size === 0 && declared64 === undefined && present > 0 && isFinished(riffSize, fileBytes)) return 0;
  if ((size === 0 && present > 0) || (size === UNKNOWN_SIZE && declared64 === undefined)) {
    warn('the header does not say how long the audio is: all that follows it in the file counts');
    return present;
  }
  if (size > present) {
    warn(`the header says ${size} bytes of audio, the file has ${present}: it was cut short or not finished`);
    return present;
  }
  if (declared64 === undefined && present > size && (present - size) % 2 ** 32 === 0 && Number.isFinite(present)) {
    warn('the file passed 4 GiB and its header has lost the higher bits of its size: all of the file counts');
    return present;
  }
  return size;
}

/** A header whose outer size fits the file was written at the end: an audio size of 0 is then meant. */
function isFinished(riffSize: number, fileBytes: number): boolean {
  return Math.abs(riffSize + 8 - fileBytes) <= 1;
}
