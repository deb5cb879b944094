import { MessageDecoder } from '../../src/protocols/distreamer/message-codec.ts';
import { decodeStoreList } from '../../src/protocols/distreamer/store-list.ts';

/** Spells messages of the persistent protocols: `oggheader 6 7 list:6,7`. */
export function spellMessages(bytes: Buffer): string {
  const words: string[] = [];
  new MessageDecoder().push(bytes, (message) => {
    if (message.action === 'fragment') words.push(String(message.number));
    else if (message.action === 'list') words.push(`list:${decodeStoreList(message.data).fragments.join()}`);
    else words.push(message.action);
  });
  return words.join(' ');
}
