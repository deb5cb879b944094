import type { ErrorCode } from '../../core/error-codes.ts';
import type { InputStatus, LastError, NodeStatus, OutputStatus } from './schema.ts';

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

/**
 * The status as strangers may see it: without the addresses and programs of peers, without details, with
 * errors in general words, and with no other targets than `publicMounts`.
 */
export function publicStatus(status: NodeStatus, publicMounts: ReadonlySet<string>): NodeStatus {
  return {
    ...status,
    streams: status.streams.map((stream) => ({
      ...stream,
      inputs: stream.inputs.map(publicInput),
      outputs: stream.outputs.map((output) => publicOutput(output, publicMounts)),
    })),
  };
}
