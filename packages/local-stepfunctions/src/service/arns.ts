import { ServiceError } from './service-error.ts';

type ResourceType = 'stateMachine' | 'execution' | 'mapRun';

const STATES_ARN = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:([A-Za-z]+):(.+)$/;
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/;

/** Throws InvalidArn unless the text is the ARN of such a resource. */
export function checkStatesArn(arn: string, type: ResourceType): string {
  const [, actualType, name] = STATES_ARN.exec(arn) ?? [];
  if (actualType === undefined || name === undefined) {
    throw new ServiceError('InvalidArn', `Invalid Arn: '${arn}'`);
  }
  if (actualType !== type) {
    throw new ServiceError(
      'InvalidArn',
      `Invalid Arn: 'Resource type not valid in this context: ${actualType}'`,
    );
  }
  if (type === 'stateMachine' && name.includes('/')) {
    throw new ServiceError('ValidationException', `The ARN names a Map state: '${arn}'`, {
      reason: 'API_DOES_NOT_SUPPORT_LABELED_ARNS',
    });
  }
  return arn;
}

export function checkRoleArn(arn: string): string {
  if (!ROLE_ARN.test(arn)) throw new ServiceError('InvalidArn', `Invalid Arn: '${arn}'`);
  return arn;
}

/** Characters that a name must not contain, as CreateStateMachine and StartExecution document them. */
const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\p{Cs}\uFFFE\uFFFF\u{10FFFF}]/u;
const MAX_NAME_LENGTH = 80;

/** Throws InvalidName unless the text can name a state machine or an execution. */
export function checkName(name: string): string {
  if (name === '' || name.length > MAX_NAME_LENGTH || FORBIDDEN.test(name)) {
    throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
  }
  return name;
}
