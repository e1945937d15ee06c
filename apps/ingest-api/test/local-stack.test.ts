import { expect, test } from '@jest/globals';
import { runLoad } from '../bench/load.ts';

// The long form, with its marks for speed, is `pnpm bench`.
test('what the API answers as taken is in the stream, each record once', async () => {
  const result = await runLoad({ requests: 30, recordsPerRequest: 100, connections: 4 });
  expect(result).toMatchObject({ taken: 3000, lost: 0, more: 0, otherAnswers: 0 });
}, 60_000);
