import type { Environment } from '../src/environments/environment.ts';
import { prod } from '../src/environments/prod.ts';

// Of the account that an emulator pretends to be.
const principal = (name: string): string => `arn:aws:iam::000000000000:role/${name}`;

/** Prod with all opt-ins, and an API for the bearers of tokens. */
export const everythingOn: Environment = {
  ...prod,
  api: {
    throttle: { requestsPerSecond: 250, burst: 300 },
    authorizer: { type: 'jwt', issuer: 'https://issuer.example.com', audience: ['sluice'] },
    cors: { origins: ['https://shop.example.com'] },
  },
  optIns: {
    privateNetwork: { cidr: '10.20.0.0/20', zones: ['a', 'b', 'c'], flowLogDays: 365 },
    threatDetection: {},
    columnGrants: {
      administrators: [principal('lake-administrator')],
      analysts: [principal('analyst')],
    },
    auditTrail: { days: 365 },
    budget: { monthlyUsd: 500 },
    enhancedFanOut: {},
    rowTable: { keys: { airports: 'iata', orders: 'id' } },
    streamArchive: { bufferMb: 64, bufferSeconds: 300 },
    emrServerless: {
      imageUri: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/sluice-spark:1',
      architecture: 'arm64',
      maxCpus: 64,
      maxMemoryGb: 256,
      maxDiskGb: 1000,
      idleMinutes: 15,
    },
  },
};
