/**
 * The keys of DiStreamer's configuration: what each takes, its default, what it
 * means. The reader, the documentation and the tests of the template use it.
 * @module
 */

/** What a key takes. */
export type KeyKind = 'text' | 'integer' | 'seconds' | 'number' | 'boolean' | 'port' | 'level';

/** One key. */
export interface KeySpec {
  readonly kind: KeyKind;
  readonly default: string;
  readonly meaning: string;
}

/** The keys of a section by name, in capitals. */
export type KeySpecs = Readonly<Record<string, KeySpec>>;

const key = (kind: KeyKind, fallback: string, meaning: string): KeySpec => ({ kind, default: fallback, meaning });

const buffer: KeySpecs = {
  FRAGMENTSNUMBER: key('integer', '5', 'The buffer holds so many fragments of FRAGMENTSIZE.'),
  FRAGMENTSIZE: key('integer', '81920', 'Bytes of a fragment; 81920 are 5 seconds at 128 kbit/s.'),
};
const listen = (port: string): KeySpecs => ({
  HOSTNAME: key('text', '0.0.0.0', 'Address to listen on.'),
  PORT: key('port', port, 'Port to listen on.'),
});

/** The keys of `[GENERAL]`. */
export const GENERAL_KEYS: KeySpecs = {
  OUTPUTLEVEL: key('level', '2', 'How much is shown: 0 errors, 1 warnings too, 2 and 3 what happens, 4 everything.'),
  LOGFILE: key('text', '', 'File for the log; empty for none.'),
  LOGLEVEL: key('level', '2', 'How much is written to LOGFILE; as OUTPUTLEVEL.'),
};

/** The keys of `[INPUT]` by MODE. */
export const INPUT_MODES: Readonly<Record<string, KeySpecs>> = {
  ShoutcastClient: {
    STREAMURL: key('text', '', 'Address of the stream to pull.'),
    ...buffer,
    GETMETADATA: key('boolean', 'yes', 'Ask for titles.'),
    HTTPTIMEOUT: key('seconds', '5', 'Seconds without an answer or audio until the connection counts as failed.'),
  },
  ShoutcastSourceServer: {
    ...listen('8080'),
    PASSWORD: key('text', 'distreamer', 'Password of the source. Sources connect to PORT + 1.'),
    ...buffer,
    TIMEOUT: key('seconds', '5', 'Seconds of silence until the source is dropped.'),
    ICYINT: key('integer', '8192', 'Bytes of audio between two titles.'),
    TIMEKEYINTERVAL: key(
      'number',
      '-1',
      'Appends the time to titles: -1 never, 0 to each, more: every so many seconds.',
    ),
  },
  DiStreamerPersClient: {
    SERVERURL: key('text', '', 'Address of the DiStreamer whose output is DiStreamerPersServer.'),
    HTTPTIMEOUT: key('seconds', '5', 'Seconds without data until the connection counts as failed.'),
    PASSWORD: key('text', '', 'Password of that server.'),
  },
  DiStreamerPersRevServer: {
    ...listen('3080'),
    PASSWORD: key('text', '', 'Password that the sender must give.'),
    TIMEOUT: key('seconds', '5', 'Seconds of silence until the sender is dropped.'),
  },
  DiStreamerClient: {
    SERVERURL: key('text', '', 'Address of the DiStreamer whose output is DiStreamerServer.'),
    HTTPTIMEOUT: key('seconds', '5', 'Seconds without data until a request counts as failed.'),
    HTTPINTERVAL: key('seconds', '3', 'Seconds between two questions for what is new.'),
    PASSWORD: key('text', '', 'Password of that server.'),
  },
  DiStreamerRevServer: {
    ...listen('5080'),
    PASSWORD: key('text', '', 'Password that the sender must give.'),
  },
};

/** The keys of `[OUTPUT]` by MODE. */
export const OUTPUT_MODES: Readonly<Record<string, KeySpecs>> = {
  ShoutcastServer: {
    ...listen('8080'),
    MINFRAGMENTS: key(
      'integer',
      '5',
      'Players hear nothing before so many fragments are there, and hear so far behind; 0 to begin at once.',
    ),
    TIMEOUT: key('seconds', '30', 'Seconds until a player that takes nothing is dropped; 0 never.'),
    REQUIREURL: key('text', '', 'The only path that players may ask for, without the slash; empty for any.'),
  },
  DiStreamerPersServer: {
    ...listen('4080'),
    PASSWORD: key('text', '', 'Password that clients must give.'),
    INTERVAL: key('seconds', '1', 'Seconds between two deliveries.'),
  },
  DiStreamerPersRevClient: {
    SERVERURL: key('text', '', 'Address of the DiStreamer whose input is DiStreamerPersRevServer.'),
    TIMEOUT: key('seconds', '5', 'Seconds in which nothing is taken until the connection counts as failed.'),
    INTERVAL: key('seconds', '1', 'Seconds between two deliveries.'),
    PASSWORD: key('text', '', 'Password of that server.'),
  },
  DiStreamerServer: {
    ...listen('7080'),
    PASSWORD: key('text', '', 'Password that clients must give.'),
  },
  DiStreamerRevClient: {
    SERVERURL: key('text', '', 'Address of the DiStreamer whose input is DiStreamerRevServer.'),
    HTTPTIMEOUT: key('seconds', '5', 'Seconds without data until a request counts as failed.'),
    HTTPINTERVAL: key('seconds', '3', 'Seconds between two deliveries.'),
    PASSWORD: key('text', '', 'Password of that server.'),
  },
};
