/** What a source says of itself; text is cleaned and bounded by whoever reads it from the wire. */
export interface StationInfo {
  readonly name?: string;
  readonly description?: string;
  readonly genre?: string;
  readonly url?: string;
  /** Declared bitrate in kbit/s (`icy-br`, `ice-bitrate`, or from `ice-audio-info`). */
  readonly bitrateKbps?: number;
  readonly isPublic?: boolean;
  /** `ice-audio-info` as sent, e.g. `samplerate=44100;bitrate=128;channels=2`. */
  readonly audioInfo?: string;
}
