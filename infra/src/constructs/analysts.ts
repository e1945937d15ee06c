import type { Zone } from '@sluice/lake-storage/zones';
import type { Deployment } from './deployment.ts';
import type { ResourceStatement } from './policy.ts';

// Raw objects and quarantined rows have personal data as it came, and so may what others have asked.
const hidden: Readonly<Record<Zone, string | null>> = {
  raw: '*',
  curated: '*',
  analytics: 'query-results/*',
  scripts: null,
};

/**
 * For the policy of a zone's bucket: analysts see rows through Lake Formation only, in whose own role they are read,
 * whatever their IAM policies say.
 */
export const refuseAnalysts = (
  { environment }: Deployment,
  zone: Zone,
  bucketArn: string,
): readonly ResourceStatement[] => {
  const { columnGrants } = environment.optIns;
  const objects = hidden[zone];
  if (columnGrants === null || objects === null) return [];
  return [
    {
      Sid: 'RefuseAnalysts',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: [`${bucketArn}/${objects}`],
      Condition: { ArnEquals: { 'aws:PrincipalArn': columnGrants.analysts } },
    },
  ];
};
