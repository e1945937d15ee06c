/** kinesalite in a process of its own, which ends with its standard input. Prints its endpoint once the stream is there. */
import { createStream, startKinesis } from '@sluice/local-event-sources/kinesis';
import { clientOf } from './client-of.ts';

const [stream = '', shards = '1'] = process.argv.slice(2);
const kinesis = await startKinesis();
const client = clientOf(kinesis.endpoint);
await createStream(client, stream, Number(shards));
client.destroy();
process.stdout.write(`${kinesis.endpoint}\n`);
process.stdin.resume().on('end', () => process.exit(0));
