import type { HistoryEvent } from '../history.ts';
import type { Json } from '../json.ts';
import type { ObjectStore } from '../object-store.ts';
import type { ChildStatus, MapRun } from './map-run.ts';

/** What the Distributed Maps of an execution need from outside, and tell it. */
export interface DistributedMapSupport {
  readonly objects: ObjectStore | undefined;
  readonly onMapRun: (mapRun: MapRun) => void;
  readonly onChildExecution: ((child: ChildExecution) => void) | undefined;
}

/** A child execution as it goes, and after. */
export interface ChildExecution {
  readonly mapRunArn: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: Json;
  readonly startDate: Date;
  readonly status: ChildStatus | 'RUNNING';
  readonly stopDate: Date | undefined;
  /** Undefined unless it succeeded. */
  readonly output: Json | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly redriveCount: number;
  /** Stops it alone, as the API StopExecution does; gives when it ended. To the Map Run it is an aborted one. */
  stop(error?: string, cause?: string): Promise<Date>;
  /** The events so far; none of an Express child, of which AWS keeps none either. */
  history(): HistoryEvent[];
}
