import { MAX_HELLO_BYTES, MIN_HELLO_BYTES } from '../../protocols/link/handshake-messages.ts';
import { firstByteOf, LINK_VERSION } from '../../protocols/link/message-kind.ts';

/** What is wrong with a first message that is no hello of this version: a hello of another one, or anything. */
export function greetingFault(message: Buffer): 'version_mismatch' | 'garbage' {
  const first = message[0] ?? 0;
  const isSized = message.length >= MIN_HELLO_BYTES && message.length <= MAX_HELLO_BYTES;
  const isHello = (first & 0x0f) === (firstByteOf('hello') & 0x0f);
  const version = first >> 4;
  return isSized && isHello && version !== LINK_VERSION && version > 0 ? 'version_mismatch' : 'garbage';
}
