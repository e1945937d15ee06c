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
];
