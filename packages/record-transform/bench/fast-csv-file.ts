/** The peer by itself: reads and validates a CSV file of orders, and does nothing else. `node fast-csv-file.ts FILE` */
import { createReadStream } from 'node:fs';
import { readWithFastCsv } from './fast-csv-zod.ts';

const [file = ''] = process.argv.slice(2);
console.log(JSON.stringify(await readWithFastCsv(createReadStream(file), () => undefined)));
