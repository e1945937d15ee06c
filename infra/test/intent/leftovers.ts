import { at, blocks, resources } from '../../src/stack-json.ts';
import { bodyOf, type Rule } from './rule.ts';

/** Folders that nobody looks into when a run is over, or a request a day old. */
const passing = ['staging/', 'map-results/', 'requests/'];

export const leftoverRules: readonly Rule[] = [
  {
    intent:
      'what is left behind in passing goes by itself: what runs stage, what Map Runs say, what was answered',
    violations: (stack) =>
      passing
        .filter(
          (prefix) =>
            !resources(stack, 'aws_s3_bucket_lifecycle_configuration')
              .flatMap(({ body }) => blocks(body.rule))
              .some(
                (rule) =>
                  at(rule, 'status') === 'Enabled' &&
                  at(rule, 'filter', 'prefix') === prefix &&
                  typeof at(rule, 'expiration', 'days') === 'number',
              ),
        )
        .map((prefix) => `${prefix} stays for ever`),
    broken: [
      {
        how: 'what Map Runs say is kept',
        change: (stack) => {
          const lifecycle = bodyOf(stack, 'aws_s3_bucket_lifecycle_configuration.zones_curated_lifecycle');
          lifecycle.rule = blocks(lifecycle.rule).filter(
            (rule) => at(rule, 'filter', 'prefix') !== 'map-results/',
          );
        },
        says: ['map-results/ stays for ever'],
      },
    ],
  },
];
