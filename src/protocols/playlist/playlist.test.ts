import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlaylist, MAX_PLAYLIST_ENTRIES, parsePlaylist } from './playlist.ts';

const parse = (text: string) => parsePlaylist(Buffer.from(text));

describe('parsePlaylist', () => {
  it('reads M3U, plain and extended, with any line ends', () => {
    expect(parse('http://a/1\r\n\r\n  http://a/2  \nsub/3\r')).toEqual({
      format: 'm3u',
      entries: [{ url: 'http://a/1' }, { url: 'http://a/2' }, { url: 'sub/3' }],
    });
    const text = '\ufeff#EXTM3U\n#EXTINF:-1 tvg-id="x",One, and all\n#EXTVLCOPT:x\nhttp://a/1\nhttp://a/2\n';
    expect(parse(text).entries).toEqual([{ url: 'http://a/1', title: 'One, and all' }, { url: 'http://a/2' }]);
    expect(parsePlaylist(Buffer.from('#EXTINF:1,Caf\xe9\nx\n', 'latin1')).entries[0]?.title).toBe('Café');
  });

  it('reads PLS in the order of its numbers', () => {
    const text =
      '[playlist]\r\nnumberofentries=2\r\nFile2=http://b/?a=b\r\ntitle2 = Two\r\nFile1=http://a/\r\nFile1=http://c/\r\nLength1=-1\r\nVersion=2\r\n';
    expect(parse(text)).toEqual({
      format: 'pls',
      entries: [{ url: 'http://a/' }, { url: 'http://b/?a=b', title: 'Two' }],
    });
  });

  it('reads XSPF', () => {
    const text = `<?xml version="1.0"?><!-- <track><location>http://no/</location></track> -->
      <playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Station</title><trackList>
      <track><location> http://a/?x=1&amp;y=2 </location><title>R&#38;B &#x2014; <![CDATA[<b>]]></title></track>
      <track><title>no location</title></track>
      <track><location>http://b/</location><location>http://c/</location></track></trackList></playlist>`;
    expect(parse(text)).toEqual({
      format: 'xspf',
      entries: [{ url: 'http://a/?x=1&y=2', title: 'R&B — <b>' }, { url: 'http://b/' }],
    });
  });

  it('defines no entities and reads nothing from outside', () => {
    const text =
      '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "&z;&z;">]><track><location>http://a/&x;&y;</location></track>';
    expect(parse(text).entries).toEqual([{ url: 'http://a/&x;&y;' }]);
  });

  it('recognises HLS and leaves it alone', () => {
    const media = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.009,\nhttp://a/1.ts\n';
    expect(parse(media)).toEqual({ format: 'hls', entries: [] });
    expect(parse('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000\nlow.m3u8\n').format).toBe('hls');
  });

  it('keeps a title one record', () => {
    for (const title of ['a\u2028b', 'a\u0085b', 'a\x1b[2Jb', '\u202ea', 'a\0b']) {
      const shown = parse(`#EXTM3U\n#EXTINF:1,${title}\nhttp://a/\n`).entries[0]?.title ?? '';
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
    }
    expect(parse(`#EXTINF:1,${'x'.repeat(5000)}\nhttp://a/\n`).entries[0]?.title).toHaveLength(300);
  });

  it('bounds entries, addresses and bytes', () => {
    expect(parse('a\n'.repeat(MAX_PLAYLIST_ENTRIES + 5)).entries).toHaveLength(MAX_PLAYLIST_ENTRIES);
    expect(parse(`${'x'.repeat(3000)}\nhttp://a/\n`).entries).toEqual([{ url: 'http://a/' }]);
    expect(parse(`${'#\n'.repeat(40_000)}http://a/\n`).entries).toEqual([]);
  });

  it('takes any text, in linear time', () => {
    const piece = fc.constantFrom('<', '>', '<track>', '<location>', '</track>', '<!--', ']]>', '&#x;', '&#99999999;');
    const other = fc.constantFrom('<![CDATA[', '[playlist]\n', 'File1=', '\n', '#EXTINF:', ',', 'a', '=');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, other, fc.string()), { maxLength: 60 }), (parts) => {
        for (const entry of parse(parts.join('')).entries) expect(entry.url).not.toBe('');
      }),
      { numRuns: 300 },
    );
    for (const part of ['<!--', '<', '<track>', '<![CDATA[', '&#', '#EXTINF:', 'File1= ', '[playlist]', ' ']) {
      expect(parse(part.repeat(64 * 1024)).entries.length).toBeLessThan(2);
    }
  });
});

describe('isPlaylist', () => {
  it('goes by the type, and by the path where the type is vague', () => {
    expect(isPlaylist('audio/x-scpls', '/listen')).toBe(true);
    expect(isPlaylist('application/vnd.apple.mpegurl', '/x')).toBe(true);
    expect(isPlaylist('', '/live.M3U')).toBe(true);
    expect(isPlaylist('text/plain', '/live.pls')).toBe(true);
    expect(isPlaylist('audio/mpeg', '/live.m3u')).toBe(false);
    expect(isPlaylist('text/html', '/live.m3u')).toBe(false);
    expect(isPlaylist('', '/live.mp3')).toBe(false);
  });
});
