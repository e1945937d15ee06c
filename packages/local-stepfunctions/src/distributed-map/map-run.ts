import type { MapRunSettings } from './settings.ts';

/** The children that one run of a Distributed Map starts, as AWS's DescribeMapRun shows it. */
export interface MapRunDescription {
  readonly mapRunArn: string;
  readonly executionArn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly startDate: Date;
  readonly stopDate?: Date;
  /** 0 for as many as there may be. */
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
  /** In items of the data set; `total` grows while it is read. */
  readonly itemCounts: MapRunCounts;
  /** In child executions: with an ItemBatcher, batches. */
  readonly executionCounts: MapRunCounts;
  readonly redriveCount: number;
  readonly redriveDate?: Date;
}

export interface MapRunCounts {
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
  readonly total: number;
  readonly resultsWritten: number;
  readonly failuresNotRedrivable: number;
  readonly pendingRedrive: number;
}

/** What AWS's UpdateMapRun changes. */
export interface MapRunUpdate {
  readonly maxConcurrency?: number;
  readonly toleratedFailureCount?: number;
  readonly toleratedFailurePercentage?: number;
}

/** A Map Run as it goes, and after. */
export interface MapRun {
  readonly mapRunArn: string;
  readonly stateName: string;
  describe(): MapRunDescription;
  /** Changes what applies to the children that are still to start and to failures from now on. */
  update(update: MapRunUpdate): void;
}

export type ChildStatus = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

const COUNTER = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const;

/** Counts of either items or executions. */
class Counts {
  running = 0;
  succeeded = 0;
  failed = 0;
  timedOut = 0;
  aborted = 0;
  total = 0;
  resultsWritten = 0;

  get ended(): number {
    return this.succeeded + this.failed + this.timedOut + this.aborted;
  }

  show(): MapRunCounts {
    const { running, succeeded, failed, timedOut, aborted, total, resultsWritten } = this;
    return {
      pending: total - running - this.ended,
      running,
      succeeded,
      failed,
      timedOut,
      aborted,
      total,
      resultsWritten,
      failuresNotRedrivable: 0,
      pendingRedrive: 0,
    };
  }
}

export interface MapRunIdentity {
  readonly mapRunArn: string;
  /** The last part of the ARN. */
  readonly id: string;
  readonly executionArn: string;
  readonly stateName: string;
  readonly startDate: Date;
  readonly redriveCount: number;
  readonly redriveDate: Date | undefined;
}

/** Keeps count of a Map Run and says when too much of it has failed. */
export class MapRunState implements MapRun {
  readonly identity: MapRunIdentity;
  readonly #items = new Counts();
  readonly #executions = new Counts();
  /** Whether the data set has been read to its end, so that its size is known. */
  allRead = false;
  maxConcurrency: number;
  #toleratedCount: number | undefined;
  #toleratedPercentage: number | undefined;
  #status: MapRunDescription['status'] = 'RUNNING';
  #stopDate: Date | undefined;

  constructor(identity: MapRunIdentity, settings: MapRunSettings) {
    this.identity = identity;
    this.maxConcurrency = settings.maxConcurrency;
    this.#toleratedCount = settings.toleratedFailureCount;
    this.#toleratedPercentage = settings.toleratedFailurePercentage;
  }

  get mapRunArn(): string {
    return this.identity.mapRunArn;
  }

  get stateName(): string {
    return this.identity.stateName;
  }

  describe(): MapRunDescription {
    const { mapRunArn, executionArn, startDate, redriveCount, redriveDate } = this.identity;
    return {
      mapRunArn,
      executionArn,
      status: this.#status,
      startDate,
      ...(this.#stopDate === undefined ? {} : { stopDate: this.#stopDate }),
      maxConcurrency: this.maxConcurrency,
      toleratedFailureCount: this.#toleratedCount ?? 0,
      toleratedFailurePercentage: this.#toleratedPercentage ?? 0,
      itemCounts: this.#items.show(),
      executionCounts: this.#executions.show(),
      redriveCount,
      ...(redriveDate === undefined ? {} : { redriveDate }),
    };
  }

  update(update: MapRunUpdate): void {
    this.maxConcurrency = update.maxConcurrency ?? this.maxConcurrency;
    this.#toleratedCount = update.toleratedFailureCount ?? this.#toleratedCount;
    this.#toleratedPercentage = update.toleratedFailurePercentage ?? this.#toleratedPercentage;
  }

  itemsRead(count: number): void {
    this.#items.total += count;
  }

  childMade(): void {
    this.#executions.total += 1;
  }

  childStarted(items: number): void {
    this.#items.running += items;
    this.#executions.running += 1;
  }

  childEnded(items: number, status: ChildStatus): void {
    this.#items.running -= items;
    this.#executions.running -= 1;
    this.#items[COUNTER[status]] += items;
    this.#executions[COUNTER[status]] += 1;
  }

  /** A child that had succeeded before this redrive. */
  childKept(items: number): void {
    this.#items.succeeded += items;
    this.#executions.succeeded += 1;
  }

  resultWritten(items: number): void {
    this.#items.resultsWritten += items;
    this.#executions.resultsWritten += 1;
  }

  ended(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED', stopDate: Date): void {
    this.#status = status;
    this.#stopDate = stopDate;
  }

  /** Whether more items have failed than may. A share of the data set is known only when all of it was read. */
  get thresholdExceeded(): boolean {
    const failed = this.#items.failed + this.#items.timedOut;
    const count = this.#toleratedCount;
    const percentage = this.#toleratedPercentage;
    if (failed === 0) return false;
    if (count === undefined && percentage === undefined) return true;
    if (count !== undefined && failed > count) return true;
    if (percentage === undefined) return false;
    return percentage === 0 || (this.allRead && failed * 100 > percentage * this.#items.total);
  }
}
