import type { Resource } from '../state-machine.ts';

const INTEGRATION = /^arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(?!activity:)(.+):([^:]+)$/;
const OTHER = /^arn:aws[a-z-]*:([a-z0-9-]+):[^:]*:[^:]*:.+$/;

const KINDS: ReadonlyMap<string, Resource['kind']> = new Map([
  ['lambda', 'function'],
  ['states', 'activity'],
]);

/** Undefined if the text is no ARN. */
export function parseResource(arn: string): Resource | undefined {
  const integration = INTEGRATION.exec(arn);
  if (integration !== null) {
    const [, type = '', action = ''] = integration;
    return { arn, kind: 'integration', key: `${type}:${action}`, type, action };
  }
  // A Lambda function called directly, or an activity.
  const service = OTHER.exec(arn)?.[1];
  if (service === undefined) return undefined;
  return { arn, kind: KINDS.get(service) ?? 'integration', key: arn, type: service, action: arn };
}
