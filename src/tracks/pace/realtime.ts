/**
 * The kernel's real-time scheduling (SCHED_FIFO) for the pacing thread: the thread then runs as soon as it wakes,
 * whatever else the machine does.
 * @module
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether the thread runs under SCHED_FIFO now, and in words what was got, or why not and what helps. */
export interface RealtimeAnswer {
  readonly isGranted: boolean;
  readonly text: string;
}

/** What `execFile` tells of a failure. */
interface ChrtError {
  readonly code?: string | number | null;
  readonly message: string;
}

const PRIORITY = 50;
const CHRT_TIMEOUT_MS = 3000;
/** The value of SCHED_FIFO (sched(7)), and its field in /proc/PID/task/TID/stat (proc(5)), from 1. */
const SCHED_FIFO = 1;
const POLICY_FIELD = 41;
const REMEDY =
  'run as root, or give the user the right: `@audio - rtprio 50` in /etc/security/limits.d/audio.conf, or LimitRTPRIO=50 in a systemd unit';

/** Asks for SCHED_FIFO with priority 50 for a thread of this process, by the program `chrt`. Never throws. */
export async function askForRealtime(threadId: number): Promise<RealtimeAnswer> {
  if (process.platform !== 'linux' || threadId === 0) {
    return refused('real-time scheduling is asked for on Linux only');
  }
  const failure = await runChrt(threadId);
  if (failure !== undefined) return refused(failure);
  if (policyOf(threadId) !== SCHED_FIFO) return refused('chrt ran, but the thread is not under SCHED_FIFO');
  return { isGranted: true, text: `real-time: the sending thread runs under SCHED_FIFO with priority ${PRIORITY}` };
}

function refused(reason: string): RealtimeAnswer {
  return { isGranted: false, text: `no real-time scheduling: ${reason}; sending goes on without it` };
}

/** Answers why it failed, undefined when it did not. */
function runChrt(threadId: number): Promise<string | undefined> {
  const args = ['-f', '-p', String(PRIORITY), String(threadId)];
  return new Promise((resolve) => {
    execFile('chrt', args, { timeout: CHRT_TIMEOUT_MS }, (error, _, stderr) => resolve(failureOfChrt(error, stderr)));
  });
}

/** What a run of `chrt` that ended with `error` and wrote `stderr` means; undefined for success. */
export function failureOfChrt(error: ChrtError | null, stderr: string): string | undefined {
  if (!error) return undefined;
  if (error.code === 'ENOENT') return 'the program chrt is not installed (package util-linux)';
  if (/not permitted/i.test(stderr)) return `the kernel does not permit it: ${REMEDY}`;
  return `chrt failed: ${stderr.replace(/\s+/g, ' ').trim().slice(0, 200) || error.message.slice(0, 200)}`;
}

function policyOf(threadId: number): number | undefined {
  try {
    return schedulingPolicy(readFileSync(`/proc/self/task/${threadId}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The scheduling policy in a line of /proc/PID/task/TID/stat; the thread's name may hold blanks and brackets. */
export function schedulingPolicy(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const policy = fields[POLICY_FIELD - 3];
  return policy === undefined ? undefined : Number(policy);
}
