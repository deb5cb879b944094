/** A parsed request head (RFC 9112, with the tolerances that encoders and old players need). */
export interface RequestHead {
  /** Upper case as sent: `GET`, `PUT`, `SOURCE` ... */
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1' | 'ICE/1.0';
  /**
   * By lower-case name; a repeated header keeps its first value, except that lists are joined with `, `.
   * One character per byte (Latin-1), since encoders send any charset; `headerText` makes it text for people.
   */
  readonly headers: ReadonlyMap<string, string>;
}
