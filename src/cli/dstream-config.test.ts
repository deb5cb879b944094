import { describe, expect, it } from 'vitest';
import { DSTREAM_DEFAULTS, loadDstreamConfig, parseDstreamConfig } from './dstream-config.ts';

describe("DistribuStream's configuration files", () => {
  it('are read with the keys of Ruby and with plain ones', () => {
    const ruby = parseDstreamConfig(':vhost: example.com\n:port: 7000\n:quiet: false\n', 'f');
    expect(ruby).toEqual({ ...DSTREAM_DEFAULTS, vhost: 'example.com', port: 7000, quiet: false });
    expect(parseDstreamConfig('vhost: example.com\nport: 7000\nquiet: false\n', 'f')).toEqual(ruby);
  });

  it.each(['example', 'debug', 'bigchunk'])('ship as conf/%s.yml', (name) => {
    const config = loadDstreamConfig(new URL(`../../conf/${name}.yml`, import.meta.url).pathname);
    expect(config).toMatchObject({ port: 6086, listenPort: 8000, chunkSize: name === 'bigchunk' ? 250_000 : 5000 });
  });

  it.each([
    [':prot: 1', /:prot: there is no such setting/],
    [':port: many', /:port: expected a whole number/],
    [':port: 70000', /:port: expected a whole number/],
    [':quiet: 1', /:quiet: expected true or false/],
    [':port: 1\nport: 2', /twice/],
    [':vhost: []', /:vhost: expected a text/],
  ])('%j is refused', (yaml, message) => {
    expect(() => parseDstreamConfig(yaml, 'f')).toThrow(message);
  });
});
