/** The API over a stream, in a process of its own, which ends with its standard input. Prints its URL. */
import { datasets } from '@sluice/datasets';
import { createProducer } from '@sluice/kinesis-producer';
import { memoryStore } from '@sluice/lake-storage/memory';
import { startHttpApi } from '@sluice/local-event-sources/http-api';
import { httpEvent } from '@sluice/step-contracts';
import { createAnswerRequest } from '../src/answer-request.ts';
import { clientOf } from './client-of.ts';

const [endpoint = '', streamName = ''] = process.argv.slice(2);
const producer = createProducer({ client: clientOf(endpoint), streamName });
const answerRequest = createAnswerRequest({
  datasets,
  datasetField: '_dataset',
  send: (records) => Promise.all(records.map((record) => producer.send(record))),
  answers: { objects: memoryStore(), curatedBucket: 'curated', now: Date.now, claimMs: 60_000 },
});
const api = await startHttpApi({
  handler: async (event) => (await answerRequest(httpEvent.parse(event))).response,
});
process.stdout.write(`${api.url}\n`);
process.stdin.resume().on('end', () => process.exit(0));
