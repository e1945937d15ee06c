interface Price {
  readonly usd: number;
  /** For one of these. */
  readonly per: string;
  /** AWS's own page. It is what counts. */
  readonly source: string;
}

/**
 * AWS's list prices in one region, without free tiers, discounts and taxes, as they were known in the month `asOf`.
 * They change: look at `source` before you rely on one. Whoever runs the lake in another region puts that region's here.
 */
export const priceList = {
  currency: 'USD',
  region: 'eu-central-1',
  asOf: '2026-09',
  prices: {
    /** A key's first and second rotation add one each; later ones are free. */
    kmsKey: { usd: 1, per: 'key and month', source: 'https://aws.amazon.com/kms/pricing/' },
    kmsRequest: { usd: 0.03 / 10_000, per: 'request', source: 'https://aws.amazon.com/kms/pricing/' },
    /** An alarm on an expression pays for each metric in it. */
    alarmMetric: {
      usd: 0.1,
      per: 'metric of an alarm and month',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
    },
    compositeAlarm: {
      usd: 0.5,
      per: 'composite alarm and month',
      source: 'https://aws.amazon.com/cloudwatch/pricing/',
    },
    dashboard: { usd: 3, per: 'dashboard and month', source: 'https://aws.amazon.com/cloudwatch/pricing/' },
    interfaceEndpoint: {
      usd: 0.012,
      per: 'endpoint, zone and hour',
      source: 'https://aws.amazon.com/privatelink/pricing/',
    },
    stateTransition: {
      usd: 0.025 / 1_000,
      per: 'state transition',
      source: 'https://aws.amazon.com/step-functions/pricing/',
    },
    lambdaRequest: { usd: 0.2 / 1_000_000, per: 'request', source: 'https://aws.amazon.com/lambda/pricing/' },
    lambdaArmGbSecond: {
      usd: 0.0000133334,
      per: 'GB of memory and second',
      source: 'https://aws.amazon.com/lambda/pricing/',
    },
    lambdaX86GbSecond: {
      usd: 0.0000166667,
      per: 'GB of memory and second',
      source: 'https://aws.amazon.com/lambda/pricing/',
    },
    s3WriteRequest: {
      usd: 0.0054 / 1_000,
      per: 'PUT, COPY or LIST',
      source: 'https://aws.amazon.com/s3/pricing/',
    },
    s3ReadRequest: { usd: 0.00043 / 1_000, per: 'GET', source: 'https://aws.amazon.com/s3/pricing/' },
    s3StandardGb: { usd: 0.0245, per: 'GB and month', source: 'https://aws.amazon.com/s3/pricing/' },
    athenaScannedTb: { usd: 5, per: 'TB scanned', source: 'https://aws.amazon.com/athena/pricing/' },
  },
} as const satisfies {
  readonly currency: string;
  readonly region: string;
  readonly asOf: string;
  readonly prices: Readonly<Record<string, Price>>;
};
