import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { silentLogger } from '../core/logger.ts';
import type { InputContext, InputModule } from '../modules/input.ts';
import { assemble } from './assemble.ts';
import { makeSecret } from './credentials.ts';
import { builtInRegistries } from './module-use.ts';
import { loadPlugin, mayBePackage } from './plugins.ts';
import { ConfigurationError, ProblemList } from './problems.ts';
import { parseYaml } from './yaml.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = join(ROOT, 'test/fixtures/plugins');
const FILE = join(FOLDER, 'node_modules/distream-input-silence/index.js');

function load(yaml: string) {
  const tree = parseYaml(yaml, 'distream.yaml');
  const source = { tree, baseDir: FOLDER, stateDir: FOLDER, compatible: false };
  const credentials = { obtain: makeSecret };
  return assemble(source, { registries: builtInRegistries, credentials, problems: new ProblemList(), warnings: [] });
}

const stream = (input: string, output = '{ type: icecast, mount: /a }') =>
  `streams: { a: { input: ${input}, outputs: [${output}] } }`;

describe('a module of a package', () => {
  it('is loaded by the name of its package, with its options validated', async () => {
    const { config } = await load(stream('{ type: distream-input-silence, title: Quiet }'));
    expect(config.streams[0]?.input).toMatchObject({
      module: { type: 'distream-input-silence', startOnDemand: true },
      options: { title: 'Quiet', lead: 500 },
    });
    const wrong = load(stream('{ type: distream-input-silence, titel: Quiet }'));
    await expect(wrong).rejects.toThrow('streams.a.input.titel: there is no key "titel" here');
  });

  it('is loaded by a path beside the configuration file', async () => {
    const { config } = await load(stream('{ type: distream-input-silence }', '{ type: ./local-output.js }'));
    expect(config.streams[0]?.outputs[0]?.module.summary).toContain('Counts fragments');
  });

  it('runs like a built-in one', async () => {
    const module = (await loadPlugin('distream-input-silence', FOLDER)) as InputModule;
    const clock = new FakeClock();
    const stop = new AbortController();
    const written: Buffer[] = [];
    const frameMs = 1152 / 44.1;
    const running = module.run({
      options: module.schema.parse({ title: 'Quiet' }),
      signal: stop.signal,
      clock,
      log: silentLogger,
      onReport: () => {},
      openSession: () => ({
        write: (data: Buffer) => void written.push(data),
        setMetadata: () => {},
        aheadMs: () => written.length * frameMs - clock.nowMs(),
        end: () => {},
      }),
    } as unknown as InputContext<Record<string, unknown>>);
    await clock.run(10_000);
    stop.abort();
    await running;
    expect(written.length * frameMs).toBeGreaterThan(10_400);
    expect(written.length * frameMs).toBeLessThan(10_600);
    expect(clock.pendingCount).toBe(0);
  });

  it('says why it cannot be loaded', async () => {
    const wrong = load(stream('{ type: broken-plugin }', '{ type: distream-output-none }'));
    const error = (await wrong.catch((thrown: unknown) => thrown)) as ConfigurationError;
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.problems.map((problem) => problem.code)).toEqual(['MODULE_LOAD_FAILED', 'MODULE_UNKNOWN']);
    expect(error.problems[0]?.message).toContain('its default export is not a module');
    expect(error.problems[1]?.remedy).toContain('Use one of: icecast');
  });

  it('is never a part of the platform', async () => {
    expect(await loadPlugin('fs', FOLDER)).toBeUndefined();
  });

  it('is not looked for under a name that no package has', () => {
    for (const name of ['Icecast', 'ice cast', '', '__proto__\0', 'node:fs', '../', 'a'.repeat(300)]) {
      expect(mayBePackage(name), name).toBe(name.startsWith('../') || /^a+$/.test(name));
    }
  });

  it('is shown in the documentation as it is tested here', () => {
    const page = readFileSync(join(ROOT, 'docs/plugins.md'), 'utf8');
    expect(page).toContain(readFileSync(FILE, 'utf8'));
  });
});
