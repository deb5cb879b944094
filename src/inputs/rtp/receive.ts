import { resolve } from 'node:path';
import { sleep } from '../../core/clock.ts';
import { DistreamError } from '../../core/errors.ts';
import type { InputContext, InputReport } from '../../modules/input.ts';
import { flowsOfTargets } from '../../tracks/record/find-flows.ts';
import { FlowLine } from '../../tracks/record/flow-line.ts';
import { isBareAddress } from '../../tracks/record/flow-of-address.ts';
import { FlowReceiver } from '../../tracks/record/flow-receiver.ts';
import { type FlowPath, type FlowSpec, frameBytesOfFlow } from '../../tracks/record/flow-spec.ts';
import { localAddressFor } from '../../tracks/record/local-interface.ts';
import { RtcpFeedback } from '../../tracks/record/rtcp-feedback.ts';
import { TakeLine } from '../../tracks/record/take-line.ts';
import { FlowSession } from './flow-session.ts';

/** Options of the `rtp` input, as its schema gives them. */
export interface RtpInputOptions {
  readonly source: string;
  readonly flow: number;
  readonly encoding: 'L16' | 'L24';
  readonly sampleRate: number;
  readonly channels: number;
  readonly payloadType?: number | undefined;
  readonly interface?: string | undefined;
  readonly buffer: number;
  readonly maxSilence: number;
  readonly repair: boolean;
  readonly timeout: number;
}

const MIN_TICK_MS = 5;
const MAX_TICK_MS = 20;

/**
 * Receives one flow until the signal aborts. Resolves when nothing has come for `timeout`: the supervisor then looks
 * for it again.
 * @throws DistreamError UNREACHABLE, FILE_UNREADABLE, NO_PCM_DESCRIBED, MULTICAST_UNAVAILABLE, MODULE_UNFIT, PORT_IN_USE, ADDRESS_UNAVAILABLE
 */
export async function receiveFlow(context: InputContext<RtpInputOptions>, random: () => number): Promise<void> {
  const { options, clock, signal, openSession } = context;
  const spec = await findFlow(context);
  if (signal.aborted) return;
  const session = new FlowSession({
    spec,
    maxSilenceMs: options.maxSilence,
    open: (from) =>
      openSession({
        contentType: undefined,
        continuity: 'new',
        isFramed: true,
        peer: from,
        ...(spec.title === '' ? {} : { station: { name: spec.title } }),
      }),
  });
  const line = lineOf(spec, options.buffer, session);
  const localAddressOf = (path: FlowPath) => options.interface ?? localAddressFor(path.origin);
  const receiver = await FlowReceiver.open({ line, paths: spec.paths, clock, localAddressOf });
  const feedback = new RtcpFeedback({
    flows: [{ line, bitsPerSecond: spec.sampleRate * frameBytesOfFlow(spec) * 8, send: receiver.sendRtcp }],
    bufferMs: options.buffer,
    asksAgain: options.repair,
    clock,
    random,
  });
  context.onReport(() => report(spec, line, session, feedback));
  feedback.start();
  try {
    await receive(context, line, feedback);
    line.finish();
  } finally {
    feedback.stop();
    receiver.close();
    session.end();
  }
}

/** Releases what is due, until the signal aborts or nothing has come for `timeout`. */
async function receive(
  { options, clock, signal }: InputContext<RtpInputOptions>,
  line: FlowLine,
  feedback: RtcpFeedback,
): Promise<void> {
  const tickMs = Math.max(MIN_TICK_MS, Math.min(MAX_TICK_MS, options.buffer / 10));
  let packets = 0;
  let heardMs = clock.nowMs();
  while (!signal.aborted) {
    await sleep(clock, tickMs, signal);
    const nowMs = clock.nowMs();
    line.tick(nowMs);
    feedback.tick();
    if (line.counters.packets !== packets) heardMs = nowMs;
    packets = line.counters.packets;
    if (packets > 0 && nowMs - heardMs > options.timeout) return;
  }
}

function lineOf(spec: FlowSpec, bufferMs: number, session: FlowSession): FlowLine {
  const { sampleRate, payloadTypes, mediaClock } = spec;
  const lineOptions = { sampleRate, payloadTypes, frameBytes: frameBytesOfFlow(spec), bufferMs };
  return new FlowLine(mediaClock ? { ...lineOptions, mediaClock } : lineOptions, new TakeLine(() => {}), session);
}

async function findFlow(context: InputContext<RtpInputOptions>): Promise<FlowSpec> {
  const { options, clock, signal, baseDir, log, streamName } = context;
  const { source, encoding, sampleRate, channels, payloadType } = options;
  const isFile = !source.startsWith('sap://') && !isBareAddress(source);
  const flows = await flowsOfTargets([isFile ? resolve(baseDir, source) : source], {
    clock,
    format: { encoding, sampleRate, channels, payloadType },
    waitMs: options.timeout,
    localAddress: options.interface,
    signal,
    onNote: (text) => log.warn(text),
  });
  const flow = flows[options.flow - 1];
  if (flow) return flow;
  const reason = `${source} has ${flows.length} flows, not ${options.flow}`;
  throw new DistreamError('MODULE_UNFIT', { where: `stream ${streamName}`, reason, hint: 'Lower `flow`.' });
}

function report(spec: FlowSpec, line: FlowLine, session: FlowSession, feedback: RtcpFeedback): InputReport {
  const { packets, lost, late, duplicated, reordered } = line.counters;
  const { gaps, silentFrames, outages, restarts } = session.counters;
  const { encoding, sampleRate, channels, paths } = spec;
  const [first] = paths;
  return {
    counters: {
      packets,
      packets_lost: Math.max(0, lost),
      packets_late: late,
      packets_duplicated: duplicated,
      packets_reordered: reordered,
      packets_repaired: feedback.repairedOf(line),
      gaps,
      silent_milliseconds: Math.round((silentFrames * 1000) / sampleRate),
      outages,
      sender_restarts: restarts,
    },
    detail: {
      flow: `${encoding}/${sampleRate}/${channels}`,
      address: `${first?.address ?? 'any address'}:${first?.port}`,
      buffered_ms: Math.round(line.bufferedMs),
    },
  };
}
