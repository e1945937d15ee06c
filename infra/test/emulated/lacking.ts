/** Something of the stacks that MiniStack cannot make, and so is taken out before it is applied there. */
export interface Lack {
  /** Of the resource: `aws_guardduty_detector`. */
  readonly type: string;
  /** Only the resource of this name: `network_functions_to_s3`. */
  readonly name?: string;
  /** Taken out of every resource of the type; without one the resources themselves are. */
  readonly attribute?: string;
  readonly reason: string;
}

/** Everything else is applied as it was synthesized. An entry that matches nothing any more fails a test. */
export const lacking: readonly Lack[] = [
  { type: 'aws_guardduty_detector', reason: 'There is no GuardDuty.' },
  { type: 'aws_guardduty_detector_feature', reason: 'There is no GuardDuty.' },
  { type: 'aws_lakeformation_data_lake_settings', reason: 'There is no Lake Formation.' },
  { type: 'aws_lakeformation_permissions', reason: 'There is no Lake Formation.' },
  { type: 'aws_lakeformation_resource', reason: 'There is no Lake Formation.' },
  ...['network_functions_to_s3', 'network_functions_to_dynamodb'].map((name) => ({
    type: 'aws_vpc_security_group_egress_rule',
    name,
    reason: 'It forgets to which prefix list a rule leads, and the provider cannot plan what comes of that.',
  })),
];
