import { describe, expect, it } from 'vitest';
import { mergePatch } from '../../web/merge-patch.ts';
import { Splice } from '../../web/player/splice.ts';
import { patternBytes } from '../support/frames.ts';

const RUN = 'abc';

function bytes(start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(patternBytes(start, end));
}

/** All that a splice gave, and how it joined. */
function player() {
  const splice = new Splice();
  const given: Uint8Array[] = [];
  const push = (data: Uint8Array<ArrayBuffer>, isUrgent = false) => given.push(...splice.push(data, isUrgent));
  return { splice, push, all: () => Buffer.concat(given) };
}

describe('the splice of a player', () => {
  it('goes on where the server says that it does', () => {
    const { splice, push, all } = player();
    splice.begin({ run: RUN, byte: 5000 });
    push(bytes(5000, 9000));
    expect(splice.next).toBe('abc.9000');
    splice.begin({ run: RUN, byte: 9000 });
    expect(splice.join).toBe('exact');
    push(bytes(9000, 12_000));
    expect(all()).toEqual(patternBytes(5000, 12_000));
    expect(splice.next).toBe('abc.12000');
  });

  it('finds the place by the last bytes, whatever the parts, when the server begins elsewhere', () => {
    for (const part of [1, 700, 1024, 5000]) {
      const { splice, push, all } = player();
      splice.begin(undefined);
      push(bytes(0, 9000));
      splice.begin({ run: 'another', byte: 77 });
      expect(splice.join).toBe('searching');
      for (let at = 6000; at < 13_000; at += part) push(bytes(at, Math.min(13_000, at + part)));
      expect(splice.join).toBe('exact');
      expect(all()).toEqual(patternBytes(0, 13_000));
      expect(splice.next).toBe('another.7077');
    }
  });

  it('waits for the place while there is time, and then breaks rather than be silent', () => {
    const { splice, push, all } = player();
    splice.begin(undefined);
    push(bytes(0, 9000));
    splice.begin(undefined);
    push(bytes(20_000, 24_000));
    expect(all()).toHaveLength(9000);
    push(bytes(24_000, 25_000), true);
    expect(splice.join).toBe('broken');
    expect(splice.brokenCount).toBe(1);
    expect(all()).toEqual(Buffer.concat([patternBytes(0, 9000), patternBytes(20_000, 25_000)]));
  });
});

describe('mergePatch', () => {
  it('sets, removes and goes down as RFC 7396 says, and changes neither', () => {
    const target = { a: 'b', c: { d: 'e', f: 'g' } };
    expect(mergePatch(target, { a: 'z', c: { f: null } })).toEqual({ a: 'z', c: { d: 'e' } });
    expect(target).toEqual({ a: 'b', c: { d: 'e', f: 'g' } });
    expect(mergePatch(['a'], { a: 1 })).toEqual({ a: 1 });
    expect(mergePatch({ a: 1 }, [1])).toEqual([1]);
    mergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
    expect('polluted' in {}).toBe(false);
  });
});
