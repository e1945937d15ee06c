import { at, blocks, type Json, referencesIn, resources, type StackJson } from '../../src/stack-json.ts';
import { bodyOf, type Rule, remove } from './rule.ts';

const delivery = 'aws_kinesis_firehose_delivery_stream.archive_delivery';
const rawLifecycle = 'aws_s3_bucket_lifecycle_configuration.zones_raw_lifecycle';
const prefixes = ['prefix', 'error_output_prefix'];

const destination = (stack: StackJson): Record<string, Json> =>
  Object(blocks(bodyOf(stack, delivery).extended_s3_configuration)[0]);

/** What is wrong with where each delivery stream delivers to. */
const everyDestination =
  (faults: (config: Json | undefined, stack: StackJson) => readonly (string | null)[]): Rule['violations'] =>
  (stack) =>
    resources(stack, 'aws_kinesis_firehose_delivery_stream').flatMap(({ address, body }) =>
      faults(body.extended_s3_configuration, stack).flatMap((fault) =>
        fault === null ? [] : [`${address} ${fault}`],
      ),
    );

/** When objects below a folder of the raw bucket move and go. */
const ageing = (stack: StackJson, folder: string): string => {
  const rules = blocks(bodyOf(stack, rawLifecycle).rule).filter((rule) =>
    blocks(at(rule, 'filter')).some((each) => at(each, 'prefix') === folder),
  );
  return JSON.stringify(rules.map((rule) => [at(rule, 'transition'), at(rule, 'expiration')]));
};

const topOf = (prefix: Json | undefined): string => String(prefix).replace(/\/.*$/s, '/');

/** The folders whose new objects the raw bucket tells of. */
const announced = (stack: StackJson): string[] =>
  resources(stack, 'aws_s3_bucket_notification').flatMap(({ body }) =>
    blocks(body.queue).map((queue) => String(at(queue, 'filter_prefix') ?? '')),
  );

export const archiveRules: readonly Rule[] = [
  {
    intent: 'what the archive of the stream keeps starts no run',
    violations: everyDestination((config, stack) =>
      prefixes.map((name) => {
        const top = topOf(at(config, name));
        return announced(stack).some((folder) => top.startsWith(folder)) ? `puts objects below ${top}` : null;
      }),
    ),
    broken: [
      {
        how: 'it is kept where objects arrive',
        of: 'everything-on',
        change: (stack) => {
          destination(stack).prefix = 'incoming/orders/!{timestamp:yyyy/MM/dd/HH}/';
        },
        says: [`${delivery} puts objects below incoming/`],
      },
    ],
  },
  {
    intent:
      'the archive of the stream is packed, encrypted with the key of the data, and told apart by records',
    violations: everyDestination((config) => [
      at(config, 'compression_format') === 'GZIP' ? null : 'packs nothing',
      referencesIn(at(config, 'kms_key_arn')).join() === 'aws_kms_key.keys_data_key'
        ? null
        : 'is not under the key of the data',
      blocks(at(config, 'processing_configuration', 'processors')).some(
        (each) => at(each, 'type') === 'AppendDelimiterToRecord',
      )
        ? null
        : 'does not end its lines',
    ]),
    broken: [
      {
        how: 'it is not packed',
        of: 'everything-on',
        change: (stack) => {
          delete destination(stack).compression_format;
        },
        says: [`${delivery} packs nothing`],
      },
      {
        how: 'records stand one behind the other',
        of: 'everything-on',
        change: (stack) => {
          delete destination(stack).processing_configuration;
        },
        says: [`${delivery} does not end its lines`],
      },
    ],
  },
  {
    intent: 'the archive of the stream ages as raw objects do',
    violations: everyDestination((config, stack) => [
      ageing(stack, topOf(at(config, 'prefix'))) === ageing(stack, 'incoming/')
        ? null
        : 'is kept longer or shorter',
    ]),
    broken: [
      {
        how: 'it stays for ever',
        of: 'everything-on',
        change: (stack) => {
          const lifecycle = bodyOf(stack, rawLifecycle);
          lifecycle.rule = blocks(lifecycle.rule).filter((rule) => at(rule, 'id') !== 'ageing-archive');
        },
        says: [`${delivery} is kept longer or shorter`],
      },
    ],
  },
  {
    intent: 'the archive of the stream says what it cannot deliver',
    violations: everyDestination((config) => {
      const options = at(config, 'cloudwatch_logging_options');
      const told =
        at(options, 'enabled') === true &&
        referencesIn(at(options, 'log_stream_name')).some((each) =>
          each.startsWith('aws_cloudwatch_log_stream.'),
        );
      return [told ? null : 'fails in silence'];
    }),
    broken: [
      {
        how: 'it logs to no stream of the stack',
        of: 'everything-on',
        change: (stack) => {
          remove(stack, 'aws_cloudwatch_log_stream.archive_errors');
          destination(stack).cloudwatch_logging_options = { enabled: true, log_stream_name: 'errors' };
        },
        says: [`${delivery} fails in silence`],
      },
    ],
  },
];
