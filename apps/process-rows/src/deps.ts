import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { datasets } from '@sluice/datasets';
import { s3Store } from '@sluice/lake-storage/s3';
import { parseEnv } from '@sluice/lambda-kit';
import { environment } from './env.ts';
import { keepJudge } from './keep-judge.ts';
import type { ProcessRowsDeps } from './process-rows.ts';
import { putItems } from './put-items.ts';
import { type TableItem, tableItems } from './table-items.ts';

type PutRows = NonNullable<ProcessRowsDeps['putRows']>;

/** `remainingMs`: until this invocation is stopped. */
export const buildDeps = (): ((remainingMs: () => number) => ProcessRowsDeps) => {
  const { CURATED_BUCKET, PSEUDONYM_KEY, DYNAMODB_TABLE, DYNAMODB_KEYS } = parseEnv(environment);
  const deps: ProcessRowsDeps = {
    findDataset: (name) => datasets.get(name),
    objects: s3Store(new S3Client({})),
    curatedBucket: CURATED_BUCKET,
    judge: keepJudge(PSEUDONYM_KEY),
  };
  if (DYNAMODB_TABLE === undefined || DYNAMODB_KEYS === undefined) return () => deps;
  const putRows = rowsIntoTable(new DynamoDBClient({}), DYNAMODB_TABLE, DYNAMODB_KEYS);
  return (remainingMs) => ({ ...deps, putRows: putRows(remainingMs) });
};

const rowsIntoTable = (client: DynamoDBClient, table: string, keys: Readonly<Record<string, string>>) => {
  // A key that cannot be one fails the cold start, not the first batch that needs it.
  const itemsOf = new Map(
    Object.entries(keys).map(([name, column]) => {
      const dataset = datasets.get(name);
      if (!dataset) throw new Error(`DYNAMODB_KEYS names ${name}, which is no dataset`);
      return [name, tableItems(dataset, column)];
    }),
  );
  const write = async (items: readonly TableItem[]): Promise<readonly TableItem[]> => {
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteItemCommand({
        RequestItems: { [table]: items.map((Item) => ({ PutRequest: { Item } })) },
      }),
    );
    return (UnprocessedItems[table] ?? []).flatMap(({ PutRequest }) =>
      PutRequest?.Item ? [PutRequest.Item] : [],
    );
  };
  return (remainingMs: () => number): PutRows =>
    async (dataset, rows) => {
      const itemsOfDataset = itemsOf.get(dataset.name);
      if (!itemsOfDataset) return [];
      const { items, unfit } = itemsOfDataset(rows);
      await putItems(items, {
        write,
        sleep: async (milliseconds) => {
          await sleep(milliseconds);
        },
        random: Math.random,
        remainingMs,
      });
      return unfit;
    };
};
