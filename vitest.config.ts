import { defineConfig } from 'vitest/config';

const E2E = { testTimeout: 90_000, hookTimeout: 60_000 };
// Their packets and frames must be on time, so that nothing else may run meanwhile.
const TIMED = ['audiostreamer', 'doctor', 'namespaces', 'pcm-rtcp', 'redundancy', 'swarm-live'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

export default defineConfig({
  test: {
    projects: [
      {
        // The packages of test/fixtures/plugins import `distream` as a third party's do.
        resolve: { alias: { distream: new URL('src/index.ts', import.meta.url).pathname } },
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          // A worker for all files: one for each file takes as long to start as its tests take to run.
          isolate: false,
          maxWorkers: 2,
          server: { deps: { inline: [/fixtures\/plugins/] } },
        },
      },
      {
        test: {
          ...E2E,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: TIMED,
          // Most of them wait for audio that plays in real time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...E2E,
          name: 'e2e-timed',
          include: TIMED,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
