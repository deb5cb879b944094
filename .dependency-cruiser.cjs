// The floors of the house as rules: imports run down only. See docs/architecture.md.
// From top to bottom; a floor may import itself and what comes after it.
const FLOORS = ['cli', 'node', 'config', 'io', 'tracks', 'modules', 'protocols', 'media', 'core'];
// Folders of one floor. `demo` is a program of its own around two nodes, beside the command line's other commands.
const FOLDERS = { io: ['inputs', 'outputs'], tracks: ['tracks', 'swarm'], modules: ['modules', 'net'] };
// Parts that several inputs or several outputs are made of.
const SHARED = { inputs: ['source-mount', 'pacer.ts', 'distreamer/'], outputs: ['listeners', 'distreamer/'] };

const folders = (floor) => FOLDERS[floor] ?? [floor];
const inside = (names) => `^src/(${names.join('|')})/`;

const floorRules = FLOORS.slice(1).map((floor, index) => ({
  name: `${floor}-imports-down`,
  severity: 'error',
  comment: 'A floor imports only itself and the floors below it.',
  from: { path: inside(folders(floor)), pathNot: '\\.test\\.ts$' },
  to: { path: inside([...FLOORS.slice(0, index + 1).flatMap(folders), 'demo']) },
}));

const moduleRules = Object.entries(SHARED).map(([family, shared]) => ({
  name: `${family}-stay-apart`,
  severity: 'error',
  comment: 'A module never imports another module; what they share has a folder of its own.',
  from: { path: `^src/${family}/([^/]+)/`, pathNot: '\\.test\\.ts$' },
  to: { path: `^src/(inputs|outputs)/`, pathNot: [`^src/${family}/$1/`, `^src/${family}/(${shared.join('|')})`] },
}));

module.exports = {
  forbidden: [
    ...floorRules,
    ...moduleRules,
    {
      name: 'demo-below-cli',
      severity: 'error',
      from: { path: '^src/demo/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'only-cli-runs-the-demo',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(cli|demo)/', '\\.test\\.ts$'] },
      to: { path: '^src/demo/' },
    },
    {
      name: 'core-imports-only-the-platform',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules' },
    },
    {
      name: 'sans-io',
      severity: 'error',
      comment: 'Wire formats and frames know no sockets, files, clocks or timers.',
      from: { path: '^src/(protocols|media|tracks/(plan|proof))/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dgram|dns|dns/promises|timers|timers/promises|child_process|worker_threads)$',
      },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-tests-in-the-program',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: ['\\.test\\.ts$', '^test/', 'node_modules/(vitest|fast-check)'] },
    },
    {
      name: 'no-development-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
