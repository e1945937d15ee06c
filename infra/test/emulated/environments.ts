import { dev } from '../../src/environments/dev.ts';
import type { Environment } from '../../src/environments/environment.ts';
import { everythingOn } from '../everything-on.ts';

/** Functions run on this machine, whatever dev's run on. */
const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** Dev with an archive of its stream, and in a hurry: what would take minutes to be given up takes seconds. */
export const emulatedDev: Environment = {
  ...dev,
  lambda: {
    architecture,
    functions: {
      ...dev.lambda.functions,
      // A message that failed comes again after six times the timeout.
      startPipeline: { ...dev.lambda.functions.startPipeline, timeoutSeconds: 2 },
    },
  },
  intake: { ...dev.intake, maxReceives: 3 },
  // What goes through csv-map need not be large.
  transform: { lambdaMaxBytes: 4 * 1024 * 1024 },
  // A few batches of a small object, not all at once on one machine.
  map: { ...dev.map, maxItemsPerBatch: 500, maxConcurrency: 4 },
  discovery: { ...dev.discovery, checkSeconds: 5 },
  optIns: { ...dev.optIns, streamArchive: { bufferMb: 1, bufferSeconds: 60 } },
};

/** Prod with all opt-ins but two: there Lambda takes no consumer of a stream as a source, and there is no EMR Serverless. */
export const emulatedProd: Environment = {
  ...everythingOn,
  lambda: { ...everythingOn.lambda, architecture },
  optIns: { ...everythingOn.optIns, enhancedFanOut: null, emrServerless: null },
};
