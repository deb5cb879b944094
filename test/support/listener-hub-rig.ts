import { type HubOptions, ListenerHub } from '../../src/outputs/listeners/hub.ts';
import { IcyDeinterleaver } from '../../src/protocols/icy/deinterleaver.ts';
import { decodeMetadataBlock } from '../../src/protocols/icy/metadata-block.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeSocket } from './fake-socket.ts';
import { FakeStreamView } from './fake-stream-view.ts';
import { FragmentSource } from './frames.ts';

/** What the rig's listeners are sent as head. */
export const HEAD = Buffer.from('HEAD');

/** A hub whose stream, clock and listeners a test turns by hand. */
export function listenerHubRig(options: Partial<HubOptions> = {}, source = new FragmentSource()) {
  const clock = new FakeClock();
  const stream = new FakeStreamView();
  const left: string[] = [];
  const hub = new ListenerHub({
    clock,
    stream,
    tickMs: 500,
    burstMs: 3000,
    slowAfterMs: 30_000,
    maxQueuedBytes: 1e6,
    onLeave: (_, reason) => left.push(reason),
    ...options,
  });
  const play = async (count: number) => {
    for (let index = 0; index < count; index++) {
      stream.push(source.next());
      await clock.run(500);
    }
  };
  const join = (icy = false, stalled = false) => {
    const socket = new FakeSocket();
    if (stalled) socket.stall();
    let metaint: number | undefined;
    let contentType: string | undefined;
    hub.join({
      socket: socket.socket,
      address: '192.0.2.1',
      agent: 'test',
      icy,
      head: (format, given) => {
        metaint = given;
        contentType = format?.contentType;
        return HEAD;
      },
    });
    return { socket, metaint, contentType, body: () => socket.received.subarray(HEAD.length) };
  };
  return { clock, stream, hub, left, play, join, source };
}

/** Audio and titles of a body with inline metadata. */
export function takeApart(body: Buffer, metaint: number) {
  const audio: Buffer[] = [];
  const titles: { at: number; title: string | undefined }[] = [];
  new IcyDeinterleaver(metaint, {
    audio: (data) => audio.push(data),
    metadata: (text, at) => titles.push({ at, title: decodeMetadataBlock(text).title }),
  }).push(body);
  return { audio: Buffer.concat(audio), titles };
}
