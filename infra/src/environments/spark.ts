import { z } from 'zod';

/**
 * The Spark job, which takes objects that are too large for a Lambda.
 * https://docs.aws.amazon.com/glue/latest/dg/add-job.html#create-job
 */
export const sparkSchema = z.strictObject({
  /** 4 or 8 processors, 16 or 32 GB of memory, 94 or 138 GB of disk: one DPU, or two. */
  workerType: z.enum(['G.1X', 'G.2X']),
  /** The driver's included. With `autoScaling` so many at most, otherwise always. */
  workers: z.int().min(2).max(299),
  /** Glue takes on workers while there is work for them, and lets them go. */
  autoScaling: z.boolean(),
  /** A run that takes longer is stopped. An execution of etl has a day for all its steps and the wait for its turn. */
  timeoutMinutes: z
    .int()
    .min(10)
    .max(20 * 60),
  /** Objects at once. Further ones wait for their turn in their executions, for about two hours. */
  maxConcurrentRuns: z.int().min(1).max(200),
  /** A run that takes longer than this is told of. */
  lateMinutes: z.int().min(1),
});

/** https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/application-capacity.html */
export const emrServerlessSchema = z.strictObject({
  /** Of Spark with what the program needs besides, in a repository of this region: docs/opt-ins.md says how to make it. */
  imageUri: z
    .string()
    .regex(
      /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\/[a-z0-9._/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/,
      'reads like 123456789012.dkr.ecr.eu-central-1.amazonaws.com/sluice-spark:1',
    ),
  architecture: z.enum(['arm64', 'x86_64']),
  /** Of all runs together; what needs more waits. */
  maxCpus: z.int().min(8).max(400),
  maxMemoryGb: z.int().min(32).max(3000),
  maxDiskGb: z.int().min(200).max(20_000),
  /** After so long without a run the application stops; it starts by itself. */
  idleMinutes: z.int().min(1).max(10_080),
});
export type EmrServerlessSettings = z.output<typeof emrServerlessSchema>;
