/**
 * The configurations of the demo's two nodes, written as a user would write them.
 * @module
 */
import { fileURLToPath } from 'node:url';
import { assemble } from '../config/assemble.ts';
import { makeSecret } from '../config/credentials.ts';
import { builtInRegistries } from '../config/module-use.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { ProblemList } from '../config/problems.ts';
import { parseYaml } from '../config/yaml.ts';

/** The bundled music; `src/` and `dist/` lie equally deep in the package. */
const MUSIC = fileURLToPath(new URL('../../assets/demo', import.meta.url));

/** Near the source: plays the music, or pulls `source`, and offers it on `port` of loopback. */
export function studioYaml(options: { source: string | undefined; port: number; password: string }): string {
  const input = options.source
    ? `{ type: icecast, url: ${quoted(options.source)} }`
    : `{ type: file, path: ${quoted(MUSIC)}, lead: 30s }`;
  return `
streams:
  studio:
    buffer: 60s
    reserve: 0s
    input: ${input}
    outputs:
      - type: distreamer-pers-server
        listen: { host: 127.0.0.1, port: ${options.port} }
        password: ${options.password}
`;
}

/**
 * Near the listeners: pulls over the line and serves `/demo.mp3`. It starts `full` when the studio has no more than
 * the present to give, so that the reserve fills before sound starts.
 */
export function transmitterYaml(options: {
  host: string;
  port: number;
  linePort: number;
  password: string;
  start: 'now' | 'full';
}): string {
  return `
http: { host: ${quoted(options.host)}, port: ${options.port} }
streams:
  demo:
    buffer: 60s
    reserve: 25s
    start: ${options.start}
    input:
      type: distreamer-pers-client
      url: http://127.0.0.1:${options.linePort}
      password: ${options.password}
    outputs:
      - { type: icecast, mount: /demo.mp3 }
`;
}

/**
 * Reads such a text. Secrets are made for this run and kept nowhere.
 * @param sharedPort false for a node that opens only the ports of its modules
 */
export async function demoConfig(name: string, yaml: string, sharedPort: boolean): Promise<NodeConfig> {
  const tree = parseYaml(yaml, `the demo's ${name}`);
  const source = { tree, baseDir: MUSIC, stateDir: MUSIC, compatible: !sharedPort };
  const problems = new ProblemList();
  const credentials = { obtain: makeSecret };
  const { config } = await assemble(source, { registries: builtInRegistries, credentials, problems, warnings: [] });
  return config;
}

/** As a YAML string: JSON is YAML. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
