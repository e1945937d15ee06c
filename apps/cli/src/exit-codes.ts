/** What a process that started `sluice` can tell from its exit code. The table in README.md repeats this one. */
export const EXIT = {
  ok: 0,
  /** The run failed, or the machine did: no space, no permission, a lake of a newer version. */
  fault: 1,
  /** The command line cannot be carried out: an unknown option, dataset or run, no such file, an SQL error. */
  usage: 2,
  /** The object is not valid; it is in quarantine. */
  refused: 3,
  /** The object is below its dataset's quality threshold; it is in quarantine. */
  belowThreshold: 4,
  /** Ctrl-C; a TERM signal gives 143. */
  interrupted: 130,
} as const;

export const exitCodeHelp = `Exit codes
  0  done                              3  refused: the object is not valid
  1  failed: the run, disk or lake     4  refused: below the quality threshold
  2  a mistake in the command line     130, 143  stopped by a signal
`;
