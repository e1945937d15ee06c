import { at, blocks, type Resource, referencesIn, resources, type StackJson } from '../../src/stack-json.ts';
import { bodyOf, type Rule, ref, remove } from './rule.ts';

const isOurKey = (value: Parameters<typeof referencesIn>[0]): boolean =>
  referencesIn(value).some((address) => address.startsWith('aws_kms_key.'));

const securityOf = (stack: StackJson, { body }: Resource): Resource | undefined => {
  const named = referencesIn(body.security_configuration);
  return resources(stack, 'aws_glue_security_configuration').find(({ address }) => named.includes(address));
};

/** What a security configuration encrypts, with the argument that names the key. */
const encrypted = ['s3_encryption', 'cloudwatch_encryption', 'job_bookmarks_encryption'];

const security = 'aws_glue_security_configuration.crawlers_security';
const jobSecurity = 'aws_glue_security_configuration.transform_spark_security';
const workgroup = 'aws_athena_workgroup.queries_workgroup';

export const catalogueRules: readonly Rule[] = [
  {
    intent: 'every crawler encrypts what it writes and logs, with keys of the stack',
    violations: (stack) =>
      resources(stack, 'aws_glue_crawler').flatMap((crawler) => {
        const found = securityOf(stack, crawler);
        if (!found) return [`${crawler.address} has no security configuration of the stack`];
        return encrypted
          .filter((what) => !isOurKey(at(found.body, 'encryption_configuration', what, 'kms_key_arn')))
          .map((what) => `${crawler.address} has no ${what}`);
      }),
    broken: [
      {
        how: 'a crawler has no security configuration',
        change: (stack) => {
          delete bodyOf(stack, 'aws_glue_crawler.crawlers_crawler_orders').security_configuration;
        },
        says: ['aws_glue_crawler.crawlers_crawler_orders has no security configuration of the stack'],
      },
    ],
  },
  {
    intent: 'crawlers and jobs log to groups of the stack, which Glue finds by their names',
    violations: (stack) => {
      const groups = resources(stack, 'aws_cloudwatch_log_group').map(({ body }) => String(body.name));
      const isThere = (beginning: string, end: string): boolean =>
        groups.some((group) => group.startsWith(beginning) && group.endsWith(end));
      return resources(stack, 'aws_glue_security_configuration')
        .filter(({ address }) => {
          const name = ref(address, 'name');
          const ofJobs = ['error', 'output'].map((stream) =>
            isThere(`/aws-glue/jobs/${name}-role/`, `/${stream}`),
          );
          return !isThere('/aws-glue/crawlers-role/', `-${name}`) && ofJobs.includes(false);
        })
        .map(({ address }) => `${address}: Glue makes the group, unencrypted and for ever`);
    },
    broken: [
      {
        how: 'the group is not there',
        change: (stack) => remove(stack, 'aws_cloudwatch_log_group.crawlers_logs'),
        says: [`${security}: Glue makes the group, unencrypted and for ever`],
      },
      {
        how: 'it is called otherwise',
        change: (stack) => {
          bodyOf(stack, 'aws_cloudwatch_log_group.crawlers_logs').name = '/aws-glue/crawlers';
        },
        says: [`${security}: Glue makes the group, unencrypted and for ever`],
      },
      {
        how: 'a job has no group for what it prints',
        change: (stack) => remove(stack, 'aws_cloudwatch_log_group.transform_spark_output_logs'),
        says: [`${jobSecurity}: Glue makes the group, unencrypted and for ever`],
      },
    ],
  },
  {
    intent: 'nobody who queries can leave out the encryption of results, or the limit of a scan',
    violations: (stack, { athena }) =>
      resources(stack, 'aws_athena_workgroup').flatMap(({ address, body }) => {
        const configuration = body.configuration;
        const encryption = at(configuration, 'result_configuration', 'encryption_configuration');
        return [
          ...(at(configuration, 'enforce_workgroup_configuration') === true
            ? []
            : [`${address} lets queries choose`]),
          ...(at(configuration, 'bytes_scanned_cutoff_per_query') === athena.maxScannedBytes
            ? []
            : [`${address} lets a query scan any amount`]),
          ...(at(encryption, 'encryption_option') === 'SSE_KMS' && isOurKey(at(encryption, 'kms_key_arn'))
            ? []
            : [`${address} writes results under a key of AWS`]),
        ];
      }),
    broken: [
      {
        how: 'clients may choose',
        change: (stack) => {
          Object.assign(blocks(bodyOf(stack, workgroup).configuration)[0] ?? {}, {
            enforce_workgroup_configuration: false,
          });
        },
        says: [`${workgroup} lets queries choose`],
      },
      {
        how: 'there is no limit',
        change: (stack) => {
          Object.assign(blocks(bodyOf(stack, workgroup).configuration)[0] ?? {}, {
            bytes_scanned_cutoff_per_query: null,
          });
        },
        says: [`${workgroup} lets a query scan any amount`],
      },
    ],
  },
];
