import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { GuarddutyDetector } from '@cdktf/provider-aws/lib/guardduty-detector/index.js';
import { GuarddutyDetectorFeature } from '@cdktf/provider-aws/lib/guardduty-detector-feature/index.js';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';

/** https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html */
const mediumSeverity = 4;

interface ThreatDetectionProps {
  /** ARN of the topic that findings of medium severity or higher are sent to; events.amazonaws.com may publish there. */
  readonly alarmsTopicArn: string;
}

/**
 * GuardDuty, which looks for what an intruder does: in the account as such, and with the protection of S3 in who reads
 * and writes which objects. An account has one detector in a region, so it tells about the neighbours of the lake too;
 * where there is one already, `terraform apply` fails with its id, and this opt-in is not for that account.
 */
export class ThreatDetection extends Construct {
  constructor(
    scope: Construct,
    id: string,
    deployment: Deployment,
    { alarmsTopicArn }: ThreatDetectionProps,
  ) {
    super(scope, id);
    const detector = new GuarddutyDetector(this, 'detector', {
      enable: true,
      // New findings come at once; this is how often a finding that goes on is told of again, by default in six hours.
      findingPublishingFrequency: 'FIFTEEN_MINUTES',
    });
    new GuarddutyDetectorFeature(this, 's3-protection', {
      detectorId: detector.id,
      name: 'S3_DATA_EVENTS',
      status: 'ENABLED',
    });
    const findings = new CloudwatchEventRule(this, 'findings', {
      name: deployment.nameOf('threats'),
      description: 'Findings of GuardDuty, of medium severity or higher',
      eventPattern: JSON.stringify({
        source: ['aws.guardduty'],
        'detail-type': ['GuardDuty Finding'],
        detail: { severity: [{ numeric: ['>=', mediumSeverity] }] },
      }),
    });
    new CloudwatchEventTarget(this, 'alarm', {
      rule: findings.name,
      arn: alarmsTopicArn,
      inputTransformer: {
        inputPaths: {
          severity: '$.detail.severity',
          title: '$.detail.title',
          type: '$.detail.type',
          finding: '$.detail.id',
        },
        // A string for each line: so EventBridge makes text of several lines.
        inputTemplate: [
          `GuardDuty in ${deployment.environment.name}, severity <severity>: <title>`,
          'Type: <type>',
          `Finding: ${consoleOf(deployment)}#/findings?search=id%3D<finding>`,
        ]
          .map((line) => `"${line}"`)
          .join('\n'),
      },
    });
  }
}

const consoleOf = ({ environment: { region } }: Deployment): string =>
  `https://${region}.console.aws.amazon.com/guardduty/home?region=${region}`;
