import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testRegistries } from '../../test/support/config-modules.ts';
import { effectiveConfig, effectiveJson, effectiveYaml, MASK } from './effective.ts';
import { loadYamlFile } from './load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distream-effective-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function effective(text: string, env: Record<string, string> = {}) {
  const file = join(folder, 'distream.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  const loaded = await loadYamlFile(file, { env, secrets: 'preview', registries: testRegistries });
  return effectiveConfig(loaded.parts);
}

const TEXT = `
admin: { password: canary-one }
streams:
  a:
    buffer: 25s
    input: { type: pull, url: "http://user:canary-two@host/x", password: "\${PW}" }
    fallback: [{ type: studio, mount: /s }]
    outputs: [{ type: door, listen: { port: 7 } }]
`;

describe('the effective configuration', () => {
  it('has every key as it is written, and tells where a value came from', async () => {
    const { config, notes } = effectiveJson(await effective(TEXT, { PW: 'canary-three' }));
    expect(config).toMatchObject({
      http: { host: '::', port: 8000, deny: { addresses: [], agents: [] } },
      admin: { user: 'admin', password: MASK },
      streams: {
        a: {
          buffer: '25s',
          reserve: '25s',
          fragment: '500ms',
          input: { type: 'pull', url: `http://${MASK}@host/x`, password: MASK, timeout: '5s' },
          fallback: [{ type: 'studio', mount: '/s', user: 'source', password: MASK, retries: 3, loop: true }],
          outputs: [{ type: 'door', listen: { host: '::', port: 7 }, password: MASK }],
        },
      },
    });
    expect(notes).toMatchObject({
      'http.port': 'default',
      'streams.a.reserve': 'default: the buffer, since the input comes over a line',
      'streams.a.input.password': 'the variable PW',
      'streams.a.fallback[0].password': 'made once; see: distream credentials',
      'streams.a.outputs[0].listen.host': 'default',
    });
    expect(notes).not.toHaveProperty(['streams.a.buffer']);
    expect(notes).not.toHaveProperty(['admin.password']);
  });

  it('is YAML that means the same, secrets apart', async () => {
    const yaml = effectiveYaml(await effective(TEXT, { PW: 'canary-three' }));
    expect(yaml).toContain('port: 8000 # default');
    expect(yaml).toContain(`password: "${MASK}" # the variable PW`);
    expect(yaml).not.toContain('canary');
    const again = effectiveJson(await effective(yaml)).config;
    expect(again).toEqual(effectiveJson(await effective(TEXT, { PW: 'x' })).config);
  });
});
