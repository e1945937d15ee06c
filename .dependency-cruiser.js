import { existsSync, readdirSync, readFileSync } from 'node:fs';

// Who may import whom, as docs/architecture.md draws it. A package imports only from those above its own line.
const packages = [
  'record-schema',
  'datasets',
  'csv-scan',
  'record-transform',
  'data-quality',
  'lake-storage',
  'step-contracts',
  'workflows',
  'kinesis-producer',
  'lambda-kit',
  'local-stepfunctions',
  'local-event-sources',
];
const packagesOfInfra = ['record-schema', 'datasets', 'workflows', 'step-contracts'];
// Of others infra takes what has to be named once: the folders of the zones, the names of metrics, the way to a bundle.
const filesOfInfra = [
  'packages/lake-storage/src/zones[.]ts',
  'packages/lambda-kit/src/(bundle-lambda|metric-names)[.]ts',
];
// Its tests run the deployed state machines by our own interpreter, over the objects of an emulated S3.
// And the Spark program as it runs here stands in for the Glue job.
const filesOfInfraTests = [
  'packages/lake-storage/src/s3[.]ts',
  'packages/local-stepfunctions/src/.+',
  'apps/transform-spark/src/(environment|run-program)[.]ts',
];
const testSupport = ['packages/aws-emulator', 'scripts'];

const root = new URL('.', import.meta.url);
const folders = (room) => (existsSync(new URL(room, root)) ? readdirSync(new URL(room, root)) : []);
for (const name of folders('packages')) {
  if (packages.includes(name) || testSupport.includes(`packages/${name}`)) continue;
  throw new Error(
    `packages/${name} has no place in the list of .dependency-cruiser.js: put it below what it imports.`,
  );
}

const oneOf = (names) => `(${names.join('|')})`;
const inside = (paths) => `^${oneOf(paths)}/`;
const source = '^(apps|packages)/[^/]+/src/';
const testCode = '^(apps|packages)/[^/]+/(test|bench|conformance)/|^(infra|scripts)/test/';
const ours = inside(['apps', 'packages', 'infra']);
const importsOfInfra = [
  inside(packagesOfInfra.map((name) => `packages/${name}`)),
  `^${oneOf(filesOfInfra)}$`,
  '^apps/[^/]+/src/env[.]ts$',
  ...testSupport.map((room) => `^${room}/`),
];

const mayImport = (line) =>
  inside([...packages.slice(0, line + 1).map((lower) => `packages/${lower}`), ...testSupport]);
const packageRules = packages.map((name, line) => ({
  name: `imports-of-${name}`,
  comment: `packages/${name} may import ${line === 0 ? 'no other package' : packages.slice(0, line).join(', ')}.`,
  // What a state machine does is tested by running it.
  from: { path: `^packages/${name}/`, ...(name === 'workflows' && { pathNot: '^packages/workflows/test/' }) },
  to: { path: ours, pathNot: mayImport(line) },
}));

const manifestOf = (workspace) => {
  const file = new URL(`${workspace}/package.json`, root);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
};

/** The files that an app exports for the embedded lake: what it decides, free of what it runs on. */
const useCases = folders('apps').flatMap((app) =>
  Object.entries(manifestOf(`apps/${app}`).exports ?? {})
    .filter(([name]) => name !== './env')
    .map(([, file]) => `^apps/${app}/${file.replace('./', '')}$`),
);

// A dev dependency is absent where Sluice only runs. The cruiser knows such of npm, but not those between workspaces.
const workspaces = ['apps', 'packages'].flatMap((room) => folders(room).map((name) => `${room}/${name}`));
const declaredWorkspaceRules = workspaces.map((workspace) => {
  const declared = Object.keys(manifestOf(workspace).dependencies ?? {}).filter((name) =>
    name.startsWith('@sluice/'),
  );
  const names = declared.map((name) => name.replace('@sluice/', ''));
  return {
    name: 'declared-dependencies',
    comment: `src/ of ${workspace} imports what its package.json lists under dependencies.`,
    from: { path: `^${workspace}/src/` },
    to: {
      path: inside(['apps', 'packages']),
      pathNot: [`^${workspace}/`, ...names.map((name) => `^(apps|packages)/${name}/`)],
    },
  };
});

export default {
  forbidden: [
    ...packageRules,
    {
      name: 'imports-of-workflows-tests',
      comment: 'Tests of packages/workflows may import what it may, and the interpreter of state machines.',
      from: { path: '^packages/workflows/test/' },
      to: {
        path: ours,
        pathNot: [mayImport(packages.indexOf('workflows')), '^packages/local-stepfunctions/src/'],
      },
    },
    ...declaredWorkspaceRules,
    {
      name: 'imports-of-apps',
      comment: 'An app imports packages; apps/cli alone composes the other apps.',
      from: { path: '^apps/(?!cli/)([^/]+)/' },
      to: { path: inside(['apps', 'infra']), pathNot: '^apps/$1/' },
    },
    {
      name: 'imports-of-cli',
      comment: 'apps/cli imports packages and what the other apps export.',
      from: { path: '^apps/cli/' },
      to: { path: '^infra/' },
    },
    {
      name: 'imports-of-infra',
      comment: `infra imports packages/${packagesOfInfra.join(', ')}, the names it needs, and each app's ./env.`,
      from: { path: '^infra/', pathNot: '^infra/test/' },
      to: { path: inside(['apps', 'packages']), pathNot: importsOfInfra },
    },
    {
      name: 'imports-of-infra-tests',
      comment: 'What infra imports, its tests may import, too, and the interpreter of state machines.',
      from: { path: '^infra/test/' },
      to: {
        path: inside(['apps', 'packages']),
        pathNot: [...importsOfInfra, `^${oneOf(filesOfInfraTests)}$`],
      },
    },
    {
      name: 'imports-by-name',
      comment: 'Another workspace is imported by its name, so that only what it exports can be reached.',
      from: { path: '^(apps/[^/]+|packages/[^/]+|infra)/' },
      to: { path: [ours, '^scripts/'], pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'test-support',
      comment: `${testSupport.join(' and ')} serve tests and benchmarks only.`,
      from: { pathNot: [testCode, inside(testSupport)] },
      to: { path: inside(testSupport) },
    },
    {
      name: 'test-code',
      comment: 'Only tests, benchmarks and generators import from test/, bench/ and conformance/.',
      from: { pathNot: [testCode, '^(apps|packages)/[^/]+/generate/'] },
      to: { path: testCode },
    },
    {
      name: 'use-case-without-sdk',
      comment:
        'What an app decides reaches no AWS SDK, not even through others: the embedded lake runs it without AWS.',
      from: { path: useCases },
      to: { path: 'node_modules/@aws-sdk/', reachable: true },
    },
    {
      name: 'declared-dependencies',
      comment: 'src/ imports what its own package.json lists under dependencies.',
      from: { path: source, pathNot: inside(testSupport) },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or hide a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'No rule can judge an import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
  ].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
