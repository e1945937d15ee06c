import type { Lake } from '../lake/open-lake.ts';
import { shownPath } from '../lake/open-lake.ts';
import { quoted } from '../terminal/shell.ts';
import { inboxOf } from './inbox.ts';
import { STREAM } from './stream-door.ts';
import type { Endpoints } from './system.ts';

/** An order that is accepted. */
const example = (now: Date): string =>
  JSON.stringify({
    id: 'A-1',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    amount: 120.5,
    quantity: 2,
    price: 60.25,
    status: 'ACTIVE',
    created_date: now.toISOString().slice(0, 19).replace('T', ' '),
    region_code: '01',
  });

/** What is open, and for each door a command to be typed as it stands. */
export const readyText = (
  lake: Lake,
  { kinesis, api, states, machineArns }: Endpoints,
  now: Date,
): string => {
  const inbox = quoted(shownPath(inboxOf(lake)));
  const etl = machineArns.get('etl') ?? '';
  return `
  Files     ${inbox}/<dataset>/
            cp FILE ${inbox}/orders/
            sluice put FILE --dataset orders${lake.option}
  HTTP      ${api}
            curl ${api}/datasets/orders/records -H 'content-type: application/json' -d '${example(now)}'
  Stream    ${STREAM} at ${kinesis}
            npm run produce -- FILE --stream ${STREAM} --dataset orders --endpoint ${kinesis}
  States    ${states}
            aws stepfunctions list-executions --region local --endpoint-url ${states} --state-machine-arn ${etl}

  Then      sluice runs${lake.option}
            sluice query "SELECT * FROM orders_unique"${lake.option}
  Ctrl-C ends it; started again it goes on.

`;
};
