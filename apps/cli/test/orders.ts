/** A small file of orders in which every fate occurs. */
export const AS_OF = '2025-06-30T00:00:00.000Z';

export const HEADER = 'id,name,email,amount,quantity,price,status,created_date,region_code';

export const smallOrders = [
  HEADER,
  'A1, ann ,ann.lee@example.com,900,2,450,ACTIVE,2025-06-01 10:00:00,01',
  'A2,Bob,bob@example.com,5000,5,1000,PENDING,2025-05-01 10:00:00,02',
  'A3,"Smith, ""Al""",al@example.com,20000,4,5000,ACTIVE,2025-04-01 10:00:00,03',
  'A2,Bob,bob@example.com,5000,5,1000,PENDING,2025-05-01 10:00:00,02',
  'A4,Cyd,cyd@example.com,10,1,10,CANCELLED,2025-05-01 10:00:00,04',
  'A5,Dan,dan@example.com,10,1,10,ACTIVE,2020-05-01 10:00:00,04',
  'A6,Eve,eve@example.com,ten,1,10,ACTIVE,2025-05-01 10:00:00,04',
  ',Fay,fay@example.com,10,1,x,ACTIVE,2025-02-30 10:00:00,04',
  'A8,too,short',
  '',
].join('\n');
