import { defineHandler } from '@sluice/lambda-kit';
import { kinesisEvent } from '@sluice/step-contracts';
import { buildDeps } from './deps.ts';
import { ingestRecords } from './ingest-records.ts';

const deps = buildDeps();

export const handler = defineHandler({
  service: 'ingest-stream',
  input: kinesisEvent,
  handle: async (event, { log, measure }) => {
    const { shards, response } = await ingestRecords(event, deps);
    for (const { failure, ...shard } of shards) {
      if (failure)
        log('batch_incomplete', {
          ...shard,
          failedFrom: failure.sequenceNumber,
          errorName: failure.errorName,
        });
      else log('batch_written', shard);
      measure('RecordsIn', shard.recordsIn);
      measure('RecordsLanded', shard.landed);
      measure('RecordsQuarantined', shard.quarantined);
      measure('RecordsRepeated', shard.repeated);
      measure('RecordsFailed', shard.failed);
    }
    return response;
  },
});
