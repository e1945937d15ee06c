/** kinesalite in a process of its own, which ends with its standard input. Prints its endpoint once the stream is there. */
import { kinesisClient } from '@sluice/kinesis-producer';
import { createStream, startKinesis } from '@sluice/local-event-sources/kinesis';

const [stream = '', shards = '1'] = process.argv.slice(2);
const kinesis = await startKinesis();
const client = kinesisClient({ endpoint: kinesis.endpoint, region: 'us-east-1' });
await createStream(client, stream, Number(shards));
client.destroy();
process.stdout.write(`${kinesis.endpoint}\n`);
process.stdin.resume().on('end', () => process.exit(0));
