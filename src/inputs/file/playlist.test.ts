import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PLAYLIST_ENTRIES, parsePlaylist } from './playlist.ts';
import { resolvePlaylistEntry } from './playlist-entry.ts';

describe('parsePlaylist', () => {
  it('reads M3U with comments, blank lines, a byte order mark and either line end', () => {
    const text = '\ufeff#EXTM3U\r\n#EXTINF:1,A\r\n one.mp3 \r\n\r\nsub/two.mp3\nhttp://radio/x\r';
    expect(parsePlaylist(Buffer.from(text), '.m3u8')).toEqual(['one.mp3', 'sub/two.mp3', 'http://radio/x']);
    expect(parsePlaylist(Buffer.from('Caf\xe9.mp3', 'latin1'), '.m3u')).toEqual(['Café.mp3']);
  });

  it('reads PLS', () => {
    const text =
      '[playlist]\nNumberOfEntries=2\nFile1=a=b.mp3\nTitle1=x\nLength1=-1\nfile2 = c.ogg\nFile3=\nVersion=2\n';
    expect(parsePlaylist(Buffer.from(text), '.pls')).toEqual(['a=b.mp3', 'c.ogg']);
  });

  it('reads XSPF, with entities and percent signs', () => {
    const locations = ['a%20b.mp3', 'R&amp;B&#x21;.mp3', 'file:///m/x%20y.mp3', 'http://h/a', '100%.mp3'];
    const text = `<playlist>${locations.map((l) => `<track><location>\n${l}</location></track>`).join('')}</playlist>`;
    const wanted = ['a b.mp3', 'R&B!.mp3', 'file:///m/x%20y.mp3', 'http://h/a', '100%.mp3'];
    expect(parsePlaylist(Buffer.from(text), '.xspf')).toEqual(wanted);
  });

  it('bounds the number of entries', () => {
    const lines = 'a.mp3\n'.repeat(MAX_PLAYLIST_ENTRIES + 10);
    expect(parsePlaylist(Buffer.from(lines), '.m3u')).toHaveLength(MAX_PLAYLIST_ENTRIES);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('.m3u', '.pls', '.xspf'), (bytes, extension) => {
        expect(parsePlaylist(Buffer.from(bytes), extension)).toBeInstanceOf(Array);
      }),
      { numRuns: 200 },
    );
  });
});

describe('resolvePlaylistEntry', () => {
  const place = { folder: '/music/show', allowedFolders: ['/jingles'] };
  const pathOf = (entry: string) => {
    const resolved = resolvePlaylistEntry(entry, place);
    return 'path' in resolved ? resolved.path : undefined;
  };

  it('resolves against the playlist and takes what lies in an allowed folder', () => {
    expect(pathOf('a.mp3')).toBe('/music/show/a.mp3');
    expect(pathOf('./sub/../b.mp3')).toBe('/music/show/b.mp3');
    expect(pathOf('sub\\c.mp3')).toBe('/music/show/sub/c.mp3');
    expect(pathOf('/music/show/d.mp3')).toBe('/music/show/d.mp3');
    expect(pathOf('file:///jingles/e%20f.mp3')).toBe('/jingles/e f.mp3');
    expect(pathOf('..hidden.mp3')).toBe('/music/show/..hidden.mp3');
  });

  it('refuses what leaves the folder, and addresses', () => {
    const hostile = [
      '../x.mp3',
      'sub/../../x.mp3',
      '..\\x.mp3',
      '/etc/passwd',
      '/music/show2/a.mp3',
      'file:///etc/x.mp3',
    ];
    const others = ['.', '..', 'http://h/a.mp3', 'file://host/a.mp3', 'file:///a%2f..%2fb.mp3', 'ftp://h/a', 'a\0.mp3'];
    for (const entry of [...hostile, ...others]) expect(pathOf(entry), entry).toBeUndefined();
  });
});
