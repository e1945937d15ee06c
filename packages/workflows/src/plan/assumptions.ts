/** What no price list and no configuration says. Every figure of a plan rests on them, and is as good as they are. */
export const assumptions = {
  /** Of a child: to be called while warm, to write a part to S3, to answer. Assumed. */
  secondsPerBatch: 0.25,
  /** Of a Lambda that has not run yet. Assumed; waited for once, since those that run at once start at once. */
  coldStartSeconds: 1,
  /**
   * Bytes of a batch's JSON that one processor parses, takes to their fates and writes in a second. Parsing, fates and
   * lines of JSON of 209,000 orders (202 bytes each) took 0.91 s on one core of this project's machine: 46 MB, 229,000
   * rows a second. Less than half of it, since Parquet is more work and Lambda's processors are slower.
   */
  jsonBytesPerSecond: 20e6,
  /** A Lambda with so much memory has one processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
  memoryMbPerProcessor: 1769,
  /** Objects that `collect-map-run` reads in a second, many at once. Assumed. */
  partsPerSecond: 500,
  /**
   * What `collect-map-run` needs of one processor for a byte of the object: to read it, to go through the parts, to write
   * Parquet. A file of 100 MB, 1,000,000 orders which are all accepted, took 3.05 s of this project's machine. Twice that,
   * since Lambda's processors are slower.
   */
  collectSecondsPerByte: 0.06e-6,
  /** Of an express child: its definition and its payload are far below one chunk of 64 MB. */
  expressMemoryGb: 64 / 1024,
  /** Of one request of the map's reader. Assumed. */
  readerBytesPerRequest: 8e6,
  /** With S3 bucket keys, which our buckets have: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html */
  s3RequestsPerKeyRequest: 100,
  /** Until Glue's workers are there and Spark has started. Assumed, and counted as paid for. */
  sparkStartSeconds: 60,
  /**
   * Bytes of CSV that a DPU, which has four processors, takes to their fates in a second. 1 GB of orders took two cores of
   * this project's machine about 100 s, so four of them would take 20 MB a second. A quarter of it, since Glue's processors
   * are halves of cores, and S3 is no disk.
   */
  sparkBytesPerDpuSecond: 5e6,
} as const;
