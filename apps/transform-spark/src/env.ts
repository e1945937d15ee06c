import { fileURLToPath } from 'node:url';

/** What is uploaded for Spark: the script, the package that it imports, and a plan for each dataset. */
export const sparkProgram = {
  script: fileURLToPath(new URL('../job.py', import.meta.url)),
  package: fileURLToPath(new URL('../transform_spark', import.meta.url)),
  plans: fileURLToPath(new URL('../plans', import.meta.url)),
} as const;
