/**
 * The command `audiostreamer`: WAV files as raw datagrams in real time.
 * @module
 */
import { InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../core/clock.ts';
import { EXIT } from '../core/error-codes.ts';
import { cleanText } from '../core/text.ts';
import type { RawFileReport, RawReport } from '../tracks/raw/send-raw.ts';
import { type CliIo, processIo } from './io.ts';
import { portNumber } from './port-number.ts';
import { addExamples, newProgram, type Outcome, runProgram } from './program.ts';
import { EXIT_INTERRUPTED } from './stop.ts';

interface AudiostreamerOptions {
  readonly ip: string;
  readonly port: number;
  readonly delay_ms: number;
  readonly wav_file: readonly string[];
  readonly verbose?: boolean;
  readonly realtime?: boolean;
  readonly json?: boolean;
}

const MIN_DELAY_MS = 0.1;
const MAX_DELAY_MS = 1000;

/** Runs `audiostreamer` with these arguments (without interpreter and script). Answers the exit code. */
export function runAudiostreamer(args: readonly string[], io: CliIo = processIo(systemClock)): Promise<number> {
  const outcome: Outcome = { code: EXIT.ok };
  const program = newProgram(
    'audiostreamer',
    'Sends WAV files in real time: raw samples in UDP datagrams, a source port for each file, all from one instant.',
    io,
  )
    .option('--ip <host>', 'where to: a name, an address or a multicast group', 'localhost')
    .addOption(new Option('--port <port>', 'the port there').argParser(portNumber).default(12_345))
    .addOption(new Option('--delay_ms <ms>', 'from one datagram of a file to the next').argParser(delayMs).default(10))
    .requiredOption('--wav_file <files...>', 'WAV, BWF or RF64 files with PCM of 16, 24 or 32 bit')
    .option('--verbose', 'each second: how much was sent, and how far ahead or behind')
    .option('--realtime', 'ask the kernel for real-time scheduling (Linux), and say what was got')
    .option('--json', 'the report, and with --verbose the progress, as JSON lines')
    .action(async (options: AudiostreamerOptions) => {
      outcome.code = await send(options, io);
    });
  addExamples(program, [
    ['audiostreamer --wav_file a.wav', 'to port 12345 of this machine'],
    ['audiostreamer --ip 192.168.0.125 --wav_file a.wav b.wav --verbose', 'two files, sample-locked'],
    ['audiostreamer --delay_ms 1 --realtime --wav_file *.wav', 'a datagram each millisecond'],
  ]);
  program.addHelpText(
    'after',
    '\nExit codes: 0 all sent, 1 a file or the sending failed, 2 wrong command line, 5 the address cannot be reached, 130 Ctrl-C',
  );
  return runProgram(program, args, outcome, io);
}

async function send(options: AudiostreamerOptions, io: CliIo): Promise<number> {
  const { sendRaw } = await import('../tracks/raw/send-raw.ts');
  const stop = new AbortController();
  const unsubscribe = io.onStop(() => (stop.signal.aborted ? io.exit(EXIT_INTERRUPTED) : stop.abort()));
  const note = (text: string) => io.err(`${cleanText(text)}\n`);
  try {
    const report = await sendRaw({
      paths: options.wav_file,
      host: options.ip,
      port: options.port,
      delayMicroseconds: Math.round(options.delay_ms * 1000),
      realtime: options.realtime === true,
      clock: io.clock,
      signal: stop.signal,
      onRealtime: ({ text }) => note(text),
      onWarning: (path, warning) => note(`${path}: ${warning}`),
      onProgress: (files) => {
        if (!options.verbose) return;
        if (options.json) io.out(`${JSON.stringify({ type: 'progress', files })}\n`);
        else for (const file of files) note(progressLine(file));
      },
    });
    if (options.json) io.out(`${JSON.stringify({ type: 'report', ...report })}\n`);
    else for (const line of reportLines(report)) note(line);
    if (stop.signal.aborted) return EXIT_INTERRUPTED;
    return report.files.some(({ lost }) => lost > 0) ? EXIT.failed : EXIT.ok;
  } finally {
    unsubscribe();
  }
}

/** A file while it is sent: `voice.wav: 12.000 s sent, 4.1 ms ahead`. */
export function progressLine({ path, sentSeconds, isDone, aheadMs }: RawFileReport): string {
  if (isDone) return `${path}: all of ${sentSeconds.toFixed(3)} s sent`;
  const side = aheadMs < 0 ? 'behind' : 'ahead';
  return `${path}: ${sentSeconds.toFixed(3)} s sent, ${Math.abs(aheadMs).toFixed(1)} ms ${side}`;
}

/** What was sent, a line a file and one for the time. */
export function reportLines({ files, lateness }: RawReport): string[] {
  const lines = files.map((file) => {
    const parts = [`${file.sentSeconds.toFixed(3)} s in ${file.datagrams} datagrams from port ${file.sourcePort}`];
    if (file.lost > 0) parts.push(`${file.lost} could not be sent`);
    if (file.refused > 0) parts.push('nobody listened at the port (at least for a time)');
    return `${file.path}: ${parts.join('; ')}`;
  });
  const { p50Ms, p99Ms, maxMs } = lateness;
  return [
    ...lines,
    `left after their time by ${p50Ms.toFixed(3)} ms (half of them), ${p99Ms.toFixed(3)} ms (99 of 100), ${maxMs.toFixed(1)} ms (the worst)`,
  ];
}

function delayMs(text: string): number {
  const delay = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (delay < MIN_DELAY_MS || delay > MAX_DELAY_MS) {
    throw new InvalidArgumentError(
      `Expected milliseconds from ${MIN_DELAY_MS} to ${MAX_DELAY_MS}, with three decimals at most.`,
    );
  }
  return delay;
}
