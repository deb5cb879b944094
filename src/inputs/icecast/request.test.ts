import { describe, expect, it } from 'vitest';
import { distreamerCapture } from '../../../test/support/distreamer-capture.ts';
import { streamRequest } from './request.ts';
import { parseStreamUrl } from './stream-url.ts';

describe('streamRequest', () => {
  it.each([
    ['no', false],
    ['yes', true],
  ])('is what DiStreamer sends, titles asked for: %s', (asked, metadata) => {
    const url = parseStreamUrl('http://127.0.0.1:20001/live')!;
    const request = streamRequest(url, { metadata, userAgent: 'DiStreamer', credentials: undefined });
    expect(String(request)).toBe(String(distreamerCapture(`shoutcast-pull-meta-${asked}-1.client`)));
  });

  it('keeps one header one line', () => {
    const url = parseStreamUrl('http://h/a\r\nX: y')!;
    const request = streamRequest(url, { metadata: false, userAgent: 'a\r\nX: y', credentials: undefined });
    expect(String(request).split('\r\n')).toHaveLength(6);
  });
});
