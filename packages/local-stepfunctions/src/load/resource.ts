import type { Resource } from '../state-machine.ts';

const INTEGRATION = /^arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(?!activity:)(.+):([^:]+)$/;
const OTHER = /^arn:aws[a-z-]*:([a-z0-9-]+):[^:]*:[^:]*:.+$/;

/** Undefined if the text is no ARN. */
export function parseResource(arn: string): Resource | undefined {
  const integration = INTEGRATION.exec(arn);
  if (integration !== null) {
    const [, type = '', action = ''] = integration;
    return { arn, key: `${type}:${action}`, type, action };
  }
  // A Lambda function called directly, or an activity.
  const service = OTHER.exec(arn)?.[1];
  return service === undefined ? undefined : { arn, key: arn, type: service, action: arn };
}
