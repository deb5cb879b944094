import { defineConfig } from 'vitest/config';

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
          server: { deps: { inline: [/fixtures\/plugins/] } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
