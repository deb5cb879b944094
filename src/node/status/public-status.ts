import type { ErrorCode } from '../../core/error-codes.ts';
import type { LinkView } from './link-schema.ts';
import type { InputStatus, LastError, NodeStatus, OutputStatus, StreamStatus } from './schema.ts';

/** Errors in words that name no address, file or program. */
const PUBLIC_WORDS: Partial<Record<ErrorCode, string>> = {
  UNREACHABLE: 'the other side cannot be reached',
  TIMED_OUT: 'the other side sent nothing',
  CLOSED_BY_PEER: 'the other side closed the connection',
  REFUSED: 'the other side refused the connection',
  NOT_A_STREAM: 'the other side did not send a stream',
  ADDRESS_NOT_ALLOWED: 'the address is not allowed',
  TOO_MANY_REDIRECTS: 'the other side redirects too often',
  PROTOCOL_VIOLATION: 'the other side broke the protocol',
  FILE_NOT_FOUND: 'the file is not there',
  FILE_UNREADABLE: 'the file cannot be read',
  FILE_NOT_AUDIO: 'the file holds no audio that can be played',
  RECORDING_FAILED: 'the recording cannot be written',
  INPUT_ENDED: 'the input ended',
  PORT_IN_USE: 'the port is in use',
  MOUNT_TAKEN: 'the mount is taken',
};

function publicError(error: LastError): LastError {
  const words = PUBLIC_WORDS[error.code as ErrorCode] ?? 'see the log of the node';
  return { code: error.code, message: words, at: error.at };
}

function publicInput({ peer: _peer, agent: _agent, lastError, ...input }: InputStatus): InputStatus {
  return { ...input, detail: {}, ...(lastError && { lastError: publicError(lastError) }) };
}

function publicOutput({ target, lastError, ...output }: OutputStatus, publicMounts: ReadonlySet<string>): OutputStatus {
  return {
    ...output,
    detail: {},
    ...(target !== undefined && publicMounts.has(target) && { target }),
    ...(lastError && { lastError: publicError(lastError) }),
  };
}

/** A run of audio is named by the node where it began: it would tell who relays whom. */
function publicLedger({ ledger }: StreamStatus): Partial<StreamStatus> {
  if (!ledger) return {};
  const { epoch: _epoch, firstByte: _firstByte, endByte: _endByte, ...totals } = ledger;
  return { ledger: totals };
}

/** The name of a peer may be its host; and it may know a stream under a name that is not told here. */
function publicLink({ lastError: _lastError, ...link }: LinkView, index: number, names: ReadonlySet<string>): LinkView {
  return {
    ...link,
    peer: `link ${index + 1}`,
    paths: link.paths.map(({ local: _local, remote: _remote, ...path }) => path),
    sends: link.sends.filter(({ name }) => names.has(name)),
    receives: link.receives.filter((name) => names.has(name)),
  };
}

/**
 * The status as strangers may see it: without the addresses, names and programs of peers, without details, with
 * errors in general words, and with no other targets than `publicMounts`.
 */
export function publicStatus(status: NodeStatus, publicMounts: ReadonlySet<string>): NodeStatus {
  const names = new Set(status.streams.map(({ name }) => name));
  return {
    ...status,
    links: status.links.map((link, index) => publicLink(link, index, names)),
    streams: status.streams.map((stream) => ({
      ...stream,
      ...publicLedger(stream),
      inputs: stream.inputs.map(publicInput),
      outputs: stream.outputs.map((output) => publicOutput(output, publicMounts)),
    })),
  };
}
