import { describe, expect, it } from 'vitest';
import { responseHead } from '../http/head-writer.ts';
import { stationFromHeaders, stationHeaders } from './station-headers.ts';

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('stationFromHeaders', () => {
  it('reads ice and icy names, in any charset', () => {
    const headers = new Map([
      ['ice-name', latin1('Bürgerfunk')],
      ['icy-genre', 'Klassik f\xfcr alle'],
      ['icy-url', 'http://radio.example/'],
      ['ice-description', 'all day\u001b[2J'],
      ['ice-public', '0'],
      ['ice-audio-info', 'ice-samplerate=44100;ice-bitrate=192;ice-channels=2'],
    ]);
    expect(stationFromHeaders(headers)).toEqual({
      name: 'Bürgerfunk',
      genre: 'Klassik für alle',
      url: 'http://radio.example/',
      description: 'all day [2J',
      isPublic: false,
      bitrateKbps: 192,
      audioInfo: 'ice-samplerate=44100;ice-bitrate=192;ice-channels=2',
    });
  });

  it('leaves out what is missing, absurd or empty', () => {
    expect(stationFromHeaders(new Map([['ice-name', ' ']]))).toEqual({});
    for (const bitrate of ['0', '-5', 'Quality 4', '9999999', '']) {
      expect(stationFromHeaders(new Map([['icy-br', bitrate]]))).toEqual({});
    }
    expect(stationFromHeaders(new Map([['icy-br', '128, 128']]))).toEqual({ bitrateKbps: 128 });
  });

  it('bounds every text', () => {
    const station = stationFromHeaders(new Map([['ice-name', 'x'.repeat(10_000)]]));
    expect(station.name).toHaveLength(1024);
  });
});

describe('stationHeaders', () => {
  it('tells the listener and reads back the same', () => {
    const station = {
      name: 'Größe',
      genre: 'g',
      url: 'u',
      description: 'd',
      isPublic: true,
      bitrateKbps: 128,
      audioInfo: 'bitrate=128',
    };
    const head = responseHead('HTTP/1.0 200 OK', stationHeaders(station));
    expect(head.toString('utf8')).toBe(
      'HTTP/1.0 200 OK\r\nicy-name: Größe\r\nicy-genre: g\r\nicy-url: u\r\nicy-description: d\r\nicy-pub: 1\r\nicy-br: 128\r\nice-audio-info: bitrate=128\r\n\r\n',
    );
    const back = new Map(stationHeaders(station).map(([name, value]) => [name, latin1(value)]));
    expect(stationFromHeaders(back)).toEqual(station);
  });
});
