import { describe, expect, it } from 'vitest';
import { failureOfChrt, schedulingPolicy } from './realtime.ts';

describe('real-time scheduling', () => {
  it('says in words why it was not granted', () => {
    expect(failureOfChrt(null, '')).toBeUndefined();
    expect(failureOfChrt({ code: 'ENOENT', message: 'spawn chrt ENOENT' }, '')).toMatch(/not installed/);
    const denied = "chrt: failed to set pid 0's policy: Operation not permitted\n";
    expect(failureOfChrt({ code: 1, message: 'Command failed' }, denied)).toMatch(/does not permit.*rtprio 50/);
    expect(failureOfChrt({ code: 1, message: 'x' }, 'chrt: no\nsuch  thread')).toBe(
      'chrt failed: chrt: no such thread',
    );
  });

  it('reads the policy of a thread whose name has blanks and brackets', () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index + 4);
    expect(schedulingPolicy(`7 (a b) c) S ${numbers.join(' ')}`)).toBe(41);
    expect(schedulingPolicy('')).toBeUndefined();
  });
});
