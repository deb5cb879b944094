/**
 * Every error that distream reports to a person: code, message, what to do, and
 * the exit code of a command that ends with it. `{name}` is filled from the
 * error's details. `docs/errors.md` has a section for each code (a test checks).
 * @module
 */

/** Exit codes of the commands; documented in `docs/errors.md`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, configuration: 3, port: 4, unreachable: 5, refused: 6 } as const;

interface ErrorEntry {
  readonly message: string;
  readonly remedy: string;
  readonly exit: number;
}

const entry = (message: string, remedy: string, exit: number = EXIT.failed): ErrorEntry => ({ message, remedy, exit });

/** The table of errors, by stable code. */
export const ERRORS = {
  // Configuration
  CONFIG_NOT_FOUND: entry(
    'no configuration file at {file}',
    'Name a file, or write {file}; `distream demo` runs without one.',
    EXIT.configuration,
  ),
  CONFIG_UNREADABLE: entry('cannot read {file}: {reason}', 'Check the path and the permissions.', EXIT.configuration),
  CONFIG_SYNTAX: entry('{where}: {reason}', 'Mend the syntax at that place.', EXIT.configuration),
  CONFIG_INVALID: entry('{where}: {reason}', '{hint}', EXIT.configuration),
  CONFIG_INSECURE: entry('{where}: {reason}', '{hint}', EXIT.configuration),
  SECRET_UNAVAILABLE: entry(
    '{where}: {reason}',
    'Set the variable or write the file, then start again.',
    EXIT.configuration,
  ),
  MODULE_UNKNOWN: entry(
    '{where}: there is no {family} of type "{type}"',
    'Use one of: {known}; or install the package that provides it.',
    EXIT.configuration,
  ),
  MODULE_LOAD_FAILED: entry(
    '{where}: the package "{type}" could not be loaded: {reason}',
    'Install it beside the configuration file and check that it exports a module made by defineInput or defineOutput.',
    EXIT.configuration,
  ),
  MODULE_UNFIT: entry('{where}: {reason}', '{hint}', EXIT.configuration),
  // Ports and permissions
  PORT_IN_USE: entry(
    'port {port} on {host} is in use{holder}',
    'Stop that program, or choose another port.',
    EXIT.port,
  ),
  PORT_FORBIDDEN: entry(
    'not allowed to listen on port {port} of {host}',
    'Choose a port above 1023, or give the process the right to bind low ports.',
    EXIT.port,
  ),
  ADDRESS_UNAVAILABLE: entry(
    'the address {host} is not on this machine',
    'Name one of this machine, or "::" for all.',
    EXIT.port,
  ),
  MOUNT_TAKEN: entry('the mount {mount} is claimed twice', 'Give one of the two another mount.', EXIT.configuration),
  TLS_UNUSABLE: entry(
    'the certificate {file} cannot be used: {reason}',
    'Check the certificate and key files.',
    EXIT.configuration,
  ),
  // Network peers
  UNREACHABLE: entry(
    'cannot reach {url}: {reason}',
    'Check the address and that the other side runs.',
    EXIT.unreachable,
  ),
  UNPROVEN: entry(
    '{url} does not prove who it is: {reason}',
    'Use the address that its operator publishes, with its #key=; without one the operator has to mend the certificate.',
    EXIT.unreachable,
  ),
  TIMED_OUT: entry('{url} sent nothing for {seconds} s', 'Check the line and the other side.', EXIT.unreachable),
  CLOSED_BY_PEER: entry('{url} closed the connection', 'Check the log of the other side.', EXIT.unreachable),
  REFUSED: entry('{url} refused: {reason}', 'Check user and password, or the ticket.', EXIT.refused),
  NOT_A_STREAM: entry(
    '{url} is not a stream: {reason}',
    'Open the address in a player; use the stream address itself.',
    EXIT.unreachable,
  ),
  NO_PCM_DESCRIBED: entry(
    '{path} describes nothing that can be recorded: {reason}',
    'Take the session description (SDP) of a sender of linear PCM; `distream doctor` lints it.',
    EXIT.unreachable,
  ),
  MULTICAST_UNAVAILABLE: entry(
    'no multicast for {address}: {reason}',
    "Connect a network, or name the address of one of this machine's network cards with --interface.",
    EXIT.unreachable,
  ),
  ADDRESS_NOT_ALLOWED: entry(
    '{url} leads to {address}, which is not allowed here',
    'Add the address to `egress.allow` when you trust it.',
    EXIT.refused,
  ),
  TOO_MANY_REDIRECTS: entry('{url} redirects more than {limit} times', 'Use the final address.', EXIT.unreachable),
  PROTOCOL_VIOLATION: entry(
    '{peer} broke the protocol: {reason}',
    'Check what program runs at the other side.',
    EXIT.failed,
  ),
  // Files and disks
  FILE_NOT_FOUND: entry(
    'there is no file {path}',
    'Check the path. In a configuration file it is relative to that file, in a command to where you are.',
  ),
  FILE_UNREADABLE: entry('cannot read {path}: {reason}', 'Check the path, what is in it, and the permissions.'),
  FILE_NOT_AUDIO: entry('{path} holds no audio that distream can play: {reason}', 'Use MP3, ADTS AAC or Ogg files.'),
  TRACK_UNREADABLE: entry('cannot read the track {path}: {reason}', 'Check the path and the permissions.'),
  TRACK_NOT_PCM: entry(
    '{path} is not a track that distream can send: {reason}',
    'Use WAV, BWF or RF64 files with PCM of 16, 24 or 32 bit; `ffmpeg -i IN -c:a pcm_s24le OUT.wav` makes one.',
  ),
  TRACKS_UNUSABLE: entry(
    '{bad} of {total} files cannot be sent, so nothing was sent',
    'Mend or leave out the files above; `ffmpeg -i IN -c:a pcm_s24le OUT.wav` makes one that can be sent.',
  ),
  PLAN_REFUSED: entry('the session cannot be sent like this: {reason}', '{hint}', EXIT.usage),
  FILE_UNWRITABLE: entry(
    'cannot write {path}: {reason}',
    'Check the path and the permissions, or free the disk; then run the same command again: what is there is kept.',
  ),
  NOT_PUBLISHED: entry(
    '{url} is not published there',
    'Check the path: a file below the folder that is served, or the name of a stream.',
    EXIT.unreachable,
  ),
  FETCH_FAILED: entry(
    'cannot fetch {url}: {reason}',
    'Run the same command again: what is there is verified and kept.',
  ),
  PATH_ESCAPES: entry('the path {path} leaves {root}', 'Use a path inside that folder.'),
  RECORDING_FAILED: entry('cannot record to {path}: {reason}', 'Free or mend the disk; recording goes on by itself.'),
  // Runtime
  INPUT_ENDED: entry('the input ended', 'Nothing to do: it is started again.'),
  NO_NODE: entry(
    'no node answers at {url}: {reason}',
    'Start one with `distream run`, or give its address.',
    EXIT.unreachable,
  ),
  NO_LEDGER: entry(
    'there is no ledger at {where}: {reason}',
    'Name a stream that has a link, a recording with its .ledger.json, or a ledger file.',
    EXIT.unreachable,
  ),
  USAGE: entry('{reason}', 'See --help.', EXIT.usage),
  INTERNAL: entry('internal error: {reason}', 'Please report this with the log.'),
} as const satisfies Record<string, ErrorEntry>;

/** A stable error code; a key of `ERRORS`. */
export type ErrorCode = keyof typeof ERRORS;
