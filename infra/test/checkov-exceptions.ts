/** A finding of checkov that we accept. One that checkov no longer has fails the test as well. */
export interface Exception {
  readonly check: string;
  /** Of all resources that the check faults, those that this is about: matched against checkov's `type.name`. */
  readonly resources: RegExp;
  /** Only in these stacks. */
  readonly stacks?: readonly string[];
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    check: 'CKV_AWS_144',
    resources: /^aws_s3_bucket\./,
    reason:
      'Replication to another region doubles the bill; versions, and raw objects from which all else can be made again, are the backup.',
  },
  {
    check: 'CKV2_AWS_62',
    resources: /^aws_s3_bucket\.(?!zones_raw_)/,
    reason: 'Only the arrival of a raw object starts anything.',
  },
  {
    check: 'CKV_AWS_145',
    resources: /^aws_s3_bucket\.zones_access_logs_bucket$/,
    reason: "S3 delivers access logs only to buckets that use S3's own key.",
  },
  {
    check: 'CKV_AWS_67',
    resources: /\baudit_trail_trail$/,
    reason: 'The trail records objects, and all of their buckets are in this region.',
  },
  {
    check: 'CKV_AWS_252',
    resources: /\baudit_trail_trail$/,
    reason: 'Nobody waits for the next file of records; they are looked up when there is a question.',
  },
  {
    check: 'CKV2_AWS_10',
    resources: /\baudit_trail_trail$/,
    reason:
      'Records of every read would cost more in CloudWatch Logs than all else there; Athena reads them in S3.',
  },
  {
    check: 'CKV2_AWS_3',
    resources: /\bthreats_detector$/,
    reason:
      'The detector is of this account and region. One for an organization is not the business of a lake.',
  },
  {
    check: 'CKV_AWS_18',
    resources: /^aws_s3_bucket\.state_bucket$/,
    reason: 'It is there before any bucket that its accesses could be logged to; only Terraform reads it.',
  },
  {
    check: 'CKV_AWS_116',
    resources: /_function$/,
    reason:
      'Nothing invokes a function asynchronously. What start-pipeline fails at goes to the dead letters of its queue; the other failures are those of the execution.',
  },
  {
    check: 'CKV_AWS_117',
    resources: /_function$/,
    stacks: ['dev', 'staging', 'prod'],
    reason: 'The private network is an opt-in: its endpoints cost more than all else that is idle.',
  },
  {
    check: 'CKV_AWS_115',
    resources: /_function$/,
    stacks: ['dev', 'staging'],
    reason:
      'Concurrency that is reserved is taken from the rest of the account, of which a new account has little; the queue limits how many run at once.',
  },
  {
    check: 'CKV_AWS_115',
    resources: /_process_rows_function$/,
    stacks: ['prod', 'everything-on'],
    reason:
      "Hundreds of it run for a while and none for days; map.maxConcurrency limits a Map Run, and the other functions' share is reserved.",
  },
  {
    check: 'CKV_AWS_285',
    resources: /\bcsv_map_\w+_machine$/,
    reason:
      'It logs what happens, and not the data: its batches are rows, and no row belongs into a log. Step Functions keeps what a child was given.',
  },
  {
    check: 'CKV_AWS_272',
    resources: /_function$/,
    reason:
      'Signing is worth as much as the signing profile is guarded, which this account cannot do by itself; a bundle is known by its hash.',
  },
  {
    check: 'CKV_AWS_338',
    resources: /_logs$/,
    stacks: ['dev', 'staging'],
    reason: 'What the logs of a year ago say of test data is of no use to anybody.',
  },
];
