import type { Deployment } from './deployment.ts';
import type { ResourceStatement } from './policy.ts';

/**
 * For the bucket of a zone: analysts see rows through Lake Formation only, in whose own role they are read, whatever their
 * IAM policies say. Raw objects and quarantined rows have personal data as it came.
 */
export const refuseAnalysts = (
  { environment }: Deployment,
  bucketArn: string,
): readonly ResourceStatement[] => {
  const { columnGrants } = environment.optIns;
  if (columnGrants === null) return [];
  return [
    {
      Sid: 'RefuseAnalysts',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: [`${bucketArn}/*`],
      Condition: { ArnEquals: { 'aws:PrincipalArn': columnGrants.analysts } },
    },
  ];
};
