import { DistreamError } from '../../core/errors.ts';
import { addressKind } from '../../protocols/sdp/ip-address.ts';
import type { Encoding } from '../types.ts';
import type { FlowSpec } from './flow-spec.ts';

/** The format of a flow that nobody describes. */
export interface BareFormat {
  readonly encoding: Encoding;
  readonly sampleRate: number;
  readonly channels: number;
  /** Undefined: any dynamic one, 96 to 127. */
  readonly payloadType?: number | undefined;
}

const ALL_DYNAMIC = Array.from({ length: 32 }, (_, index) => 96 + index);
const ADDRESS = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_.-]{0,253})):(\d{1,5})$/;

/** Whether text is meant as `HOST:PORT` or `:PORT`. */
export function isBareAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/**
 * A flow that comes in at `HOST:PORT`: a multicast group, an address of this machine, or any of them (`:5004`).
 * @throws DistreamError USAGE
 */
export function flowOfAddress(text: string, format: BareFormat): FlowSpec {
  const match = ADDRESS.exec(text);
  const port = Number(match?.[3]);
  const address = match?.[1] ?? match?.[2] ?? '';
  if (!match || port < 1 || port > 65_534) throw usage(`${text} is no address with a port, such as 239.69.0.1:5004`);
  const kind = address === '' ? 'unspecified' : addressKind(address);
  if (kind === 'name' || kind === 'invalid' || kind === 'broadcast') {
    throw usage(`${text} is neither a multicast group nor an address of this machine; write :${port} for any address`);
  }
  const { encoding, sampleRate, channels, payloadType } = format;
  return {
    title: kind === 'unspecified' ? `port ${port}` : `${address} ${port}`,
    encoding,
    sampleRate,
    channels,
    channelNames: [],
    payloadTypes: payloadType === undefined ? ALL_DYNAMIC : [payloadType],
    paths: [{ ...(kind === 'unspecified' ? {} : { address }), port, rtcpPort: port + 1, sources: [] }],
  };
}

function usage(reason: string): DistreamError {
  return new DistreamError('USAGE', { reason });
}
