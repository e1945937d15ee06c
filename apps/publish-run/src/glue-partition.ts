import { BatchCreatePartitionCommand, GetTableCommand, type GlueClient } from '@aws-sdk/client-glue';
import { type PartitionValue, partitionFolder, processedPrefix } from '@sluice/lake-storage/zones';

/** Adds a partition to the dataset's table, with the table's columns and formats. */
export const gluePartitions =
  (client: GlueClient, database: string, bucket: string) =>
  async (dataset: string, partition: readonly PartitionValue[]): Promise<void> => {
    const { Table } = await client.send(new GetTableCommand({ DatabaseName: database, Name: dataset }));
    const folder = partitionFolder(partition);
    const { Errors = [] } = await client.send(
      new BatchCreatePartitionCommand({
        DatabaseName: database,
        TableName: dataset,
        PartitionInputList: [
          {
            Values: partition.map(({ value }) => String(value)),
            StorageDescriptor: {
              ...Table?.StorageDescriptor,
              Location: `s3://${bucket}/${processedPrefix(dataset)}${folder}`,
            },
          },
        ],
      }),
    );
    for (const { ErrorDetail } of Errors) {
      // Another run of the same day was first.
      if (ErrorDetail?.ErrorCode === 'AlreadyExistsException') continue;
      throw new Error(
        `Glue did not take the partition ${folder} of ${database}.${dataset}: ${ErrorDetail?.ErrorCode} ${ErrorDetail?.ErrorMessage}`,
      );
    }
  };
