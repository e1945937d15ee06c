/** Something of the stacks that MiniStack cannot make, and so is taken out before it is applied there. */
export interface Lack {
  /** Of the resource: `aws_guardduty_detector`. */
  readonly type: string;
  /** Taken out of every resource of the type; without one the resources themselves are. */
  readonly attribute?: string;
  readonly reason: string;
}

/** Everything else is applied as it was synthesized. An entry that matches nothing any more fails a test. */
export const lacking: readonly Lack[] = [];
