import type { RolePermission } from '@sluice/aws-emulator';
import { emulatedDev } from './environments.ts';

/** Permissions of roles that no run on the emulator uses. What an entry leaves out can be anything. */
interface Unused extends Partial<RolePermission> {
  readonly reason: string;
}

const noLogs = 'It writes logs without asking.';
const noEncryption = 'It encrypts neither variables nor executions nor logs.';
const noChildren =
  'The interpreter that stands in for Step Functions asks nobody where it starts and follows children.';
const noKeyOfClients =
  'It asks for the key of a queue or topic where a service sends, and not where a client does.';
const noTags = 'It copies the tags of an object without asking.';

/** Any other permission that no run has used fails a test: a role has it for nothing. */
const unused: readonly Unused[] = [
  { role: `${emulatedDev.namePrefix}-crawlers`, reason: 'A crawler only pretends to look.' },
  { role: `${emulatedDev.namePrefix}-archive`, reason: 'Firehose asks nobody there.' },
  { sid: 'StartBatches', reason: noChildren },
  { sid: 'FollowBatches', reason: noChildren },
  { sid: 'RedriveBatches', reason: noChildren },
  { sid: 'ReadItems', action: 's3:GetObject', reason: 'An arrival names the version of the object.' },
  ...['s3:GetObject', 's3:ListMultipartUploadParts'].map((action) => ({
    sid: 'WriteResults',
    action,
    reason: 'Results of a few batches are not put together of parts.',
  })),
  { role: `${emulatedDev.namePrefix}-csv-map-comma`, sid: 'EncryptNotifications', reason: noKeyOfClients },
  { sid: 'EncryptLetters', reason: noKeyOfClients },
  {
    role: `${emulatedDev.namePrefix}-process-rows`,
    sid: 'DecryptObjects',
    reason: 'Only an upload in parts has to decrypt.',
  },
  ...['ReadObjects', 'DecryptObjects'].map((sid) => ({
    role: `${emulatedDev.namePrefix}-record-failed-rows`,
    sid,
    reason: 'It reads a part only where an attempt that failed has left one.',
  })),
  ...['ingest-stream', 'ingest-api'].map((app) => ({
    role: `${emulatedDev.namePrefix}-${app}`,
    action: 's3:GetObjectVersion',
    reason: 'It reads what is there, in whatever version.',
  })),
  {
    role: `${emulatedDev.namePrefix}-ingest-api`,
    action: 'kinesis:ListShards',
    reason: 'The producer looks the shards up when one of them throttles, and none does there.',
  },
  { sid: 'ReportLostBatches', reason: 'It gives no batch up: what fails is tried for ever.' },
  { sid: 'WriteOwnLogs', reason: noLogs },
  { sid: 'DeliverLogs', reason: noLogs },
  { sid: 'SendTraces', reason: 'There is no X-Ray.' },
  { sid: 'ReadOwnVariables', reason: noEncryption },
  { sid: 'EncryptExecutions', reason: noEncryption },
  { sid: 'EncryptLogs', reason: noEncryption },
  { sid: 'ReadTags', reason: noTags },
  { sid: 'WriteTags', reason: noTags },
  ...['glue:GetJobRuns', 'glue:BatchStopJobRun'].map((action) => ({
    sid: 'RunJobs',
    action,
    reason: 'A job that goes well is neither looked for nor stopped.',
  })),
  ...['FindBuckets', 'FindFiles', 'WriteEventLogs', 'ReadOwnSettings', 'MeasureItself'].map((sid) => ({
    role: `${emulatedDev.namePrefix}-transform-spark`,
    sid,
    reason: 'On AWS the program reads and writes by Hadoop, inside of Glue; here objects are brought to it.',
  })),
  {
    role: `${emulatedDev.namePrefix}-transform-spark`,
    sid: 'UseKeyOfScripts',
    action: 'kms:GenerateDataKey',
    reason: 'Only event logs are written there.',
  },
  { sid: 'TellAbsentObjects', reason: 'An object that has arrived is there, unless somebody deletes it.' },
  {
    sid: 'ReadObjects',
    action: 's3:GetObject',
    reason: 'An arrival names the version of the object; a run that a person starts need not.',
  },
  { action: 's3:AbortMultipartUpload', reason: 'Only an upload in parts that fails is given up.' },
];

const covers =
  ({ role, sid, action }: Unused) =>
  (permission: RolePermission): boolean =>
    (role === undefined || permission.role === role) &&
    (sid === undefined || permission.sid === sid) &&
    (action === undefined || permission.action === action);

const line = ({ role, sid, action }: RolePermission): string => `${role} may ${sid}: ${action}`;

/** The permissions that were granted, not used, and are not on the list, a line each. */
export const superfluous = (granted: readonly RolePermission[], used: readonly RolePermission[]): string[] =>
  withoutUse(granted, used)
    .filter((permission) => !unused.some((entry) => covers(entry)(permission)))
    .map(line);

/** The entries of the list that speak of no permission without use, a line each. */
export const staleUnused = (
  granted: readonly RolePermission[],
  used: readonly RolePermission[],
): string[] => {
  const idle = withoutUse(granted, used);
  return unused
    .filter((entry) => !idle.some(covers(entry)))
    .map(({ reason, ...entry }) => `${Object.values(entry).join(' ')} is used, or not granted`);
};

const withoutUse = (
  granted: readonly RolePermission[],
  used: readonly RolePermission[],
): RolePermission[] => {
  const lines = new Set(used.map(line));
  return granted.filter((permission) => !lines.has(line(permission)));
};
