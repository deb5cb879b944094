import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FailureLimiter } from './failure-limiter.ts';

describe('FailureLimiter', () => {
  it('blocks an address after ten failures until the minute is over', () => {
    const clock = new FakeClock();
    const failures = new FailureLimiter({ clock });
    for (let n = 0; n < 9; n++) failures.count('1.2.3.4');
    expect(failures.isBlocked('1.2.3.4')).toBe(false);
    failures.count('::ffff:1.2.3.4');
    expect(failures.isBlocked('1.2.3.4')).toBe(true);
    expect(failures.isBlocked('1.2.3.5')).toBe(false);
    clock.advance(60_000);
    expect(failures.isBlocked('1.2.3.4')).toBe(false);
    failures.count('1.2.3.4');
    expect(failures.isBlocked('1.2.3.4')).toBe(false);
  });

  it('takes a /64 as one address', () => {
    const failures = new FailureLimiter({ clock: new FakeClock(), limit: 2 });
    failures.count('2001:db8::1');
    failures.count('2001:db8::2');
    expect(failures.isBlocked('2001:db8::3')).toBe(true);
  });

  it('forgets the oldest when there are too many', () => {
    const failures = new FailureLimiter({ clock: new FakeClock(), limit: 1 });
    failures.count('1.1.1.1');
    for (let n = 0; n < 10_000; n++) failures.count(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(failures.isBlocked('1.1.1.1')).toBe(false);
    expect(failures.isBlocked('10.0.39.15')).toBe(true);
  });
});
