// Three projects, so that `npm test -- --selectProjects unit` stays under ten seconds. The transform only strips
// types (Node's own stripper keeps every column where it was), so what is tested is what `node src/main.ts` runs.
const project = (displayName, extra = {}) => ({
  displayName,
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  testEnvironment: '<rootDir>/test/support/plain-context.js',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  ...extra,
});

const withPostgres = {
  globalSetup: '<rootDir>/test/support/start-postgres.ts',
  globalTeardown: '<rootDir>/test/support/stop-postgres.ts',
};

export default {
  // More than there are cores: what runs end to end mostly waits.
  maxWorkers: 4,
  // What a worker loads it keeps, and every git that a test starts is forked off it: a large one forks slowly.
  workerIdleMemoryLimit: '350MB',
  watchman: false,
  testTimeout: 60_000,
  projects: [project('unit'), project('integration', withPostgres), project('e2e', withPostgres)],
};
