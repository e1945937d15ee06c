import { DynamodbTable } from '@cdktf/provider-aws/lib/dynamodb-table/index.js';
import { ROW_TABLE_KEY } from '@sluice/record-schema';
import { Construct } from 'constructs';
import type { Environment } from '../environments/environment.ts';
import type { Deployment } from './deployment.ts';
import { allow, type Statement } from './policy.ts';

type Settings = NonNullable<Environment['optIns']['rowTable']>;

interface RowTableProps extends Settings {
  /** Encrypts the table. */
  readonly keyArn: string;
}

/** The table `<prefix>-rows`: accepted rows by their keys, for whoever looks up one. What it is not: docs/adr/0011-csv-map.md */
export class RowTable extends Construct {
  /** What process-rows reads of its environment to find it. */
  readonly variables: { readonly DYNAMODB_TABLE: string; readonly DYNAMODB_KEYS: string };
  /** What process-rows needs to put rows there. */
  readonly may: readonly Statement[];
  readonly arn: string;

  constructor(scope: Construct, id: string, deployment: Deployment, { keys, keyArn }: RowTableProps) {
    super(scope, id);
    const { environment, accountId } = deployment;
    const name = deployment.nameOf('rows');
    const table = new DynamodbTable(this, 'table', {
      name,
      billingMode: 'PAY_PER_REQUEST',
      hashKey: ROW_TABLE_KEY,
      attribute: [{ name: ROW_TABLE_KEY, type: 'S' }],
      serverSideEncryption: { enabled: true, kmsKeyArn: keyArn },
      pointInTimeRecovery: { enabled: true },
      deletionProtectionEnabled: environment.protected,
    });
    if (environment.protected) table.addOverride('lifecycle.prevent_destroy', true);
    this.arn = table.arn;
    this.variables = { DYNAMODB_TABLE: table.name, DYNAMODB_KEYS: JSON.stringify(keys) };
    this.may = [
      allow('PutRows', ['dynamodb:BatchWriteItem'], [table.arn]),
      // DynamoDB opens the table's own key in the name of whoever calls:
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
      allow('UseKeyOfRows', ['kms:Decrypt'], [keyArn], {
        StringEquals: {
          'kms:ViaService': `dynamodb.${environment.region}.amazonaws.com`,
          'kms:EncryptionContext:aws:dynamodb:tableName': name,
          'kms:EncryptionContext:aws:dynamodb:subscriberId': accountId,
        },
      }),
    ];
  }
}
