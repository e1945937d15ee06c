/** A finding of checkov that we accept. One that checkov no longer has fails the test as well. */
export interface Exception {
  readonly check: string;
  /** Of all resources that the check faults, those that this is about: matched against `type.name`. */
  readonly resources: RegExp;
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
];
