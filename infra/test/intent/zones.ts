import { referencesIn, resources, type StackJson, statementsOf } from '../../src/stack-json.ts';
import { about, type Rule, ref, rewriteStatement } from './rule.ts';

const deeds = { 's3:GetObject': 'reads', 's3:PutObject': 'writes', 's3:DeleteObject': 'deletes' };

/** Who touches what, by the names of roles without their prefix. Whoever is not here touches no object. */
const allowed: readonly string[] = [
  'ingest-stream reads raw/incoming/*/stream',
  'ingest-stream writes raw/incoming/*/stream',
  'ingest-stream reads curated/quarantine/*/records',
  'ingest-stream writes curated/quarantine/*/records',
  'ingest-api reads curated/requests',
  'ingest-api writes curated/requests',
  'archive reads raw/archive',
  'archive writes raw/archive',
  'validate-object reads raw/incoming',
  'score-quality reads raw/incoming',
  'score-quality reads curated/staging',
  'score-quality writes curated/staging',
  'transform-object reads raw/incoming',
  'transform-object writes curated/staging',
  'transform-object deletes curated/staging',
  'publish-run reads raw/incoming',
  ...['staging', 'quarantine', 'runs'].map((folder) => `publish-run reads curated/${folder}`),
  ...['staging', 'processed', 'quarantine', 'runs'].flatMap((folder) => [
    `publish-run writes curated/${folder}`,
    `publish-run deletes curated/${folder}`,
  ]),
  // What a Distributed Map reads and leaves it reads and leaves in the state machine's name.
  'csv-map-comma reads raw/incoming',
  'csv-map-comma reads curated/map-results',
  'csv-map-comma writes curated/map-results',
  'process-rows writes curated/staging',
  'record-failed-rows reads curated/staging',
  'record-failed-rows writes curated/staging',
  'collect-map-run reads raw/incoming',
  'collect-map-run reads curated/staging',
  'collect-map-run reads curated/map-results',
  'collect-map-run writes curated/staging',
  'collect-map-run deletes curated/staging',
  'crawlers reads raw/incoming',
  'published-data reads curated/processed',
  ...['transform-spark', 'transform-spark-emr'].flatMap((spark) => [
    `${spark} reads raw/incoming`,
    // It looks at what it has written, and moves it.
    `${spark} reads curated/staging`,
    `${spark} writes curated/staging`,
    `${spark} deletes curated/staging`,
    `${spark} reads scripts/transform-spark`,
    `${spark} reads scripts/spark-logs`,
    `${spark} writes scripts/spark-logs`,
    `${spark} deletes scripts/spark-logs`,
  ]),
];

/** `publish-run writes curated/runs`; without a folder where a whole bucket can be touched. */
const touches = (stack: StackJson, prefix: string): string[] =>
  resources(stack, 'aws_iam_role').flatMap((role) => {
    const who = String(role.body.name).replace(`${prefix}-`, '');
    return about(stack, 'aws_iam_role_policy', 'role', role)
      .flatMap(({ body }) => statementsOf(body.policy))
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action, Resource: on }) =>
        Object.entries(deeds)
          .filter(([action]) => Action.includes(action))
          .flatMap(([, deed]) => on.map((arn) => `${who} ${deed} ${placeOf(arn)}`)),
      );
  });

/** `raw/incoming` of the objects below `incoming/` in the raw zone's bucket. */
const placeOf = (arn: string): string => {
  const [bucket = ''] = referencesIn(arn);
  const zone = bucket.replace(/^aws_s3_bucket\.(?:zones_)?(\w+)_bucket$/, '$1');
  return `${zone}${arn.replace(ref(bucket, 'arn'), '').replace(/\/\*$/, '')}`;
};

const publishPolicy = 'aws_iam_role_policy.functions_publish_run_publish_run_policy';

const sparkPolicy = 'aws_iam_role_policy.transform_spark_transform_spark_policy';

export const zoneRules: readonly Rule[] = [
  {
    intent: 'each role touches its own folders: nobody changes what came in, and publish-run alone publishes',
    violations: (stack, { namePrefix }) =>
      touches(stack, namePrefix).filter((each) => !allowed.includes(each)),
    broken: [
      {
        how: 'raw objects could be deleted',
        change: (stack) =>
          rewriteStatement(stack, publishPolicy, 'policy', 'DeleteObjects', (statement) => {
            statement.Resource = [`${ref('aws_s3_bucket.zones_raw_bucket', 'arn')}/incoming/*`];
          }),
        says: ['publish-run deletes raw/incoming'],
      },
      {
        how: 'a step reads the whole curated zone, quarantine included',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_iam_role_policy.functions_validate_object_validate_object_policy',
            'policy',
            'ReadObjects',
            (statement) => {
              statement.Resource = [`${ref('aws_s3_bucket.zones_curated_bucket', 'arn')}/*`];
            },
          ),
        says: ['validate-object reads curated'],
      },
      {
        how: 'a batch may publish',
        change: (stack) =>
          rewriteStatement(
            stack,
            'aws_iam_role_policy.functions_process_rows_process_rows_policy',
            'policy',
            'WriteObjects',
            (statement) => {
              statement.Resource = [
                `${ref('aws_s3_bucket.zones_curated_bucket', 'arn')}/staging/*`,
                `${ref('aws_s3_bucket.zones_curated_bucket', 'arn')}/processed/*`,
              ];
            },
          ),
        says: ['process-rows writes curated/processed'],
      },
    ],
  },
  {
    intent: 'Spark reads the raw zone and writes to staging, and neither reads nor writes what is published',
    violations: (stack, { namePrefix }) =>
      touches(stack, namePrefix)
        .filter((each) => each.startsWith('transform-spark'))
        .filter((each) => !/ reads raw\/incoming$| curated\/staging$| scripts\//.test(each)),
    broken: [
      {
        how: 'it could publish by itself',
        change: (stack) =>
          rewriteStatement(stack, sparkPolicy, 'policy', 'WriteObjects', (statement) => {
            statement.Resource = [`${ref('aws_s3_bucket.zones_curated_bucket', 'arn')}/*`];
          }),
        says: ['transform-spark writes curated'],
      },
      {
        how: 'it could change what came in',
        change: (stack) =>
          rewriteStatement(stack, sparkPolicy, 'policy', 'DeleteObjects', (statement) => {
            statement.Resource = [`${ref('aws_s3_bucket.zones_raw_bucket', 'arn')}/incoming/*`];
          }),
        says: ['transform-spark deletes raw/incoming'],
      },
    ],
  },
  {
    intent: 'each step of a run can touch what it has to',
    violations: (stack, { namePrefix, optIns }) => {
      const found = touches(stack, namePrefix);
      return allowed
        .filter((each) => optIns.columnGrants !== null || !each.startsWith('published-data '))
        .filter((each) => optIns.streamArchive !== null || !each.startsWith('archive '))
        .filter(
          (each) =>
            !each.startsWith(optIns.emrServerless === null ? 'transform-spark-emr ' : 'transform-spark '),
        )
        .filter((each) => !found.includes(each))
        .map((each) => `no longer: ${each}`);
    },
    broken: [
      {
        how: 'manifests can no longer be written',
        change: (stack) =>
          rewriteStatement(stack, publishPolicy, 'policy', 'WriteObjects', (statement) => {
            const arns = Array.isArray(statement.Resource) ? statement.Resource : [];
            statement.Resource = arns.filter((arn) => !String(arn).endsWith('/runs/*'));
          }),
        says: ['no longer: publish-run writes curated/runs'],
      },
    ],
  },
];
