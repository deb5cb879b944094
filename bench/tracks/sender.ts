/**
 * The pacer alone, as the program sends with it: RTP from rings that this thread fills ahead.
 * Usage: sender PORT FLOWS PTIME_US SECONDS CHANNELS [realtime]
 */

/** What is used of src/tracks/pace, in its built form. */
interface PaceModules {
  openPacer(options: object): Promise<{
    readonly rings: readonly {
      readonly free: number;
      readonly packet: Buffer;
      prefill(header: Uint8Array): void;
      commit(bytes: number, slot: number): void;
      end(): void;
    }[];
    readonly threadId: number;
    readonly ended: Promise<void>;
    start(instantNs: bigint): void;
    statistics(): { readonly lateness: object; readonly flows: readonly { lost: number; underruns: number }[] };
  }>;
  periodOfFrames(frames: number, sampleRate: number): object;
  askForRealtime(threadId: number): Promise<{ readonly text: string }>;
}

const SAMPLE_RATE = 48_000;
const [port, flows, ptimeMicroseconds, seconds, channels] = process.argv.slice(2, 7).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const isRealtime = process.argv[7] === 'realtime';
const built = (path: string) => import(new URL(`../../../dist/tracks/pace/${path}`, import.meta.url).href);
const { openPacer, periodOfFrames, askForRealtime }: PaceModules = {
  ...(await built('pacer.js')),
  ...(await built('grid.js')),
  ...(await built('realtime.js')),
};

const framesPerSlot = (SAMPLE_RATE * ptimeMicroseconds) / 1e6;
const packetBytes = 12 + framesPerSlot * channels * 3;
const slots = (seconds * 1e6) / ptimeMicroseconds;
const pacer = await openPacer({
  periods: [periodOfFrames(framesPerSlot, SAMPLE_RATE)],
  flows: Array.from({ length: flows }, () => ({
    destinations: [{ address: '127.0.0.1', port }],
    grid: 0,
    packetBytes,
    rtp: { sequence: 0, timestamp: 0, framesPerSlot },
  })),
});
if (isRealtime) console.log((await askForRealtime(pacer.threadId)).text);
pacer.rings.forEach((ring, flow) => {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = 97;
  header.writeUInt32BE(flow + 1, 8);
  ring.prefill(header);
});
const samples = Buffer.alloc(packetBytes - 12, 0x5a);
let next = pacer.rings.map(() => 0);
const fill = () => {
  next = next.map((from, flow) => {
    const ring = pacer.rings[flow]!;
    let slot = from;
    for (; slot < slots && ring.free > 0; slot++) {
      samples.copy(ring.packet, 12);
      ring.commit(packetBytes, slot);
    }
    if (slot === slots) ring.end();
    return slot;
  });
};
fill();
const timer = setInterval(fill, 100);
pacer.start(process.hrtime.bigint() + 500_000_000n);
await pacer.ended;
clearInterval(timer);
const { lateness, flows: sent } = pacer.statistics();
const sum = (pick: 'lost' | 'underruns') => sent.reduce((total, flow) => total + flow[pick], 0);
console.log(JSON.stringify({ lateness, lost: sum('lost'), underruns: sum('underruns') }));
