import { describe, expect, it } from 'vitest';
import { contentTypeOfFile, kindOfContentType, plainContentType } from './content-type.ts';

describe('content types', () => {
  it.each([
    ['audio/mpeg', 'audio/mpeg'],
    [' Audio/AACP ; codecs="x"', 'audio/aacp'],
    ['application/octet-stream', undefined],
    ['', undefined],
    [undefined, undefined],
    ['mp3', undefined],
    ['audio/mpeg\r\nX: y', undefined],
    [`audio/${'x'.repeat(200)}`, undefined],
  ])('%j is %j', (given, expected) => {
    expect(plainContentType(given)).toBe(expected);
  });

  it('knows the synonyms', () => {
    expect(['audio/mpeg', 'audio/mp3', 'audio/x-mpeg'].map(kindOfContentType)).toEqual(['mp3', 'mp3', 'mp3']);
    expect(['audio/aac', 'audio/aacp', 'audio/x-aac', 'audio/aac-adts'].map(kindOfContentType)).toEqual(
      Array(4).fill('adts'),
    );
    expect(['application/ogg', 'audio/ogg', 'video/ogg', 'audio/opus', 'audio/vorbis'].map(kindOfContentType)).toEqual(
      Array(5).fill('ogg'),
    );
    expect(['audio/flac', 'audio/x-flac'].map(kindOfContentType)).toEqual(['flac', 'flac']);
    expect(['audio/webm', 'video/webm', 'audio/x-matroska'].map(kindOfContentType)).toEqual(Array(3).fill('webm'));
    expect(kindOfContentType('video/mp4')).toBeUndefined();
  });

  it('goes by the extension of a file', () => {
    expect(['a.mp3', '/x/B.MP2', 'c.aac', 'd.ogg', 'e.oga', 'f.opus'].map(contentTypeOfFile)).toEqual([
      'audio/mpeg',
      'audio/mpeg',
      'audio/aac',
      'application/ogg',
      'audio/ogg',
      'audio/ogg',
    ]);
    expect(['g.flac', 'mp3', '.mp3', 'h.mp3.txt', ''].map(contentTypeOfFile)).toEqual(Array(5).fill(undefined));
  });
});
