import { createServer, type ServerResponse } from 'node:http';

const FRAME_BYTES = 384;
const FRAME_MS = 24;
const BURST_FRAMES = 40;
/** MPEG-1 layer III, 128 kbit/s, 48 kHz, stereo, no CRC. */
const HEADER = Buffer.from('fffb9400', 'hex');
const SIDE_INFO_BYTES = 32;

/** Frame `number` of the station: its bytes tell which it is. */
export function liveFrame(number: number): Buffer {
  const text = `${String(number).padStart(12, '0')} `;
  const front = Buffer.concat([HEADER, Buffer.alloc(SIDE_INFO_BYTES)]);
  return Buffer.concat([front, Buffer.alloc(FRAME_BYTES - front.length, text)]);
}

/** The numbers of the frames in `bytes`. Throws where something else stands. */
export function liveNumbers(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + FRAME_BYTES <= bytes.length; at += FRAME_BYTES) {
    const frame = bytes.subarray(at, at + FRAME_BYTES);
    const number = Number(frame.toString('latin1', 36, 48));
    if (!liveFrame(number).equals(frame))
      throw new Error(`byte ${at} of ${bytes.length} begins no frame of the station`);
    numbers.push(number);
  }
  return numbers;
}

/** A station on the air: who connects hears the frames of now, and one second from before. */
export async function startLiveSource(headers: Record<string, string> = {}) {
  const startMs = performance.now();
  const now = () => Math.floor((performance.now() - startMs) / FRAME_MS) + BURST_FRAMES;
  const listeners = new Map<ServerResponse, number>();
  const send = (response: ServerResponse, from: number) => {
    const to = now();
    for (let number = from; number < to; number++) response.write(liveFrame(number));
    listeners.set(response, to);
  };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'audio/mpeg', ...headers });
    response.on('close', () => listeners.delete(response));
    send(response, now() - BURST_FRAMES);
  });
  const timer = setInterval(() => {
    for (const [response, next] of listeners) send(response, next);
  }, FRAME_MS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/live`,
    close() {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
    },
  };
}
