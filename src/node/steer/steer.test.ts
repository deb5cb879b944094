import { describe, expect, it } from 'vitest';
import type { NodeConfig } from '../../config/node-config.ts';
import { configChanges } from './config-changes.ts';
import { ConfigSteering, type ReadConfig } from './config-steering.ts';
import { unifiedDiff } from './unified-diff.ts';

const module = { type: 'file' } as never;

function config(streams: Record<string, unknown>, more: Partial<NodeConfig> = {}): NodeConfig {
  return {
    origin: 'node.yaml',
    admin: { user: 'admin', password: 'one' },
    http: { port: 8000, publicView: 'full' },
    egressAllow: [],
    log: { level: 'info', file: undefined },
    streams: Object.entries(streams).map(([name, options]) => ({
      name,
      input: { module, options: { path: options } },
      fallback: [],
      outputs: [],
    })),
    ...more,
  } as unknown as NodeConfig;
}

describe('configChanges', () => {
  it('touches only what changed', () => {
    expect(configChanges(config({ a: 1, b: 2, c: 3 }), config({ c: 3, b: 9, d: 4 }))).toEqual({
      started: ['d'],
      stopped: ['a'],
      restarted: ['b'],
      kept: ['c'],
      applied: [],
      needsRestart: [],
    });
  });

  it('tells what takes effect at once from what needs a restart', () => {
    const other = config({}, { admin: { user: 'admin', password: 'two' }, egressAllow: ['10.0.0.0/8'] });
    expect(configChanges(config({}), other)).toMatchObject({ applied: ['admin'], needsRestart: ['egress'] });
    const reduced = config({}, { http: { port: 8000, publicView: 'reduced' } as never });
    expect(configChanges(config({}), reduced)).toMatchObject({ applied: ['http.publicView'], needsRestart: [] });
  });
});

describe('ConfigSteering', () => {
  it('uses nothing of a configuration that is wrong, and takes the next one', async () => {
    let current = config({ a: 1 });
    let next: ReadConfig | undefined;
    const read = () => (next ? Promise.resolve(next) : Promise.reject(new Error('wrong')));
    const steering = new ConfigSteering(
      { text: 'a: 1\n', read, describe: String },
      {
        current: () => current,
        use: (config) => {
          current = config;
          return Promise.resolve();
        },
      },
    );
    await expect(steering.reload()).rejects.toThrow('wrong');
    expect(current.streams.map(({ name }) => name)).toEqual(['a']);
    next = { config: config({ b: 1 }), text: 'b: 1\n', secrets: [] };
    expect(await steering.preview()).toMatchObject({ diff: expect.stringContaining('-a: 1\n+b: 1\n') });
    expect(current.streams[0]!.name).toBe('a');
    expect(await steering.reload()).toMatchObject({ started: ['b'], stopped: ['a'] });
    expect((await steering.preview()).diff).toBe('');
  });
});

describe('unifiedDiff', () => {
  it('is as diff -u writes it', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n';
    const after = 'a\nb\nc\nd\nE\nf\ng\nh\ni\nj\nk\n';
    expect(unifiedDiff(before, after, ['x', 'y'])).toBe(
      '--- x\n+++ y\n@@ -2,9 +2,10 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n i\n j\n+k\n',
    );
    expect(unifiedDiff(before, before, ['x', 'y'])).toBe('');
    expect(unifiedDiff('', 'a\n', ['x', 'y'])).toBe('--- x\n+++ y\n@@ -0,0 +1,1 @@\n+a\n');
  });
});
