import { peerUrl } from './peer-url.ts';
import { durationMs, secret } from './values.ts';

/** Options of every module that connects to a DiStreamer peer: `url` and `password`. */
export function peerOptions(defaultPort: number) {
  return {
    url: peerUrl(defaultPort),
    password: secret().default('').describe('Password of the other side.'),
  };
}

/** Options of the modules that poll a peer, to take audio or to give it. */
export function pollOptions(defaultPort: number) {
  return {
    ...peerOptions(defaultPort),
    timeout: durationMs({ min: '100ms', max: '1h' })
      .prefault('5s')
      .describe('A request that makes no progress for so long is given up and made again.'),
    interval: durationMs({ min: '100ms', max: '1m' }).prefault('3s').describe('How often the other side is asked.'),
  };
}
