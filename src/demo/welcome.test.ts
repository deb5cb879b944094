import { describe, expect, it } from 'vitest';
import { welcome } from './welcome.ts';

describe('welcome', () => {
  it('names the addresses and the players', () => {
    const text = welcome({ port: 8000, portTaken: undefined, networkAddresses: ['192.0.2.7'], fillsFirst: false });
    expect(text).toContain('Open      http://localhost:8000/\n');
    expect(text).toContain('Network   http://192.0.2.7:8000/\n');
    expect(text).toContain('mpg123 http://localhost:8000/demo.mp3\n');
    expect(text).not.toContain('in use');
    expect(text).not.toContain('half a minute');
  });

  it('says when it moved to another port', () => {
    expect(welcome({ port: 8001, portTaken: 8000, networkAddresses: [], fillsFirst: true })).toContain(
      'Port 8000 is in use; this is on 8001.',
    );
  });
});
