/** Something that whoever deploys can put right. Its message, one line, is all they see. */
export class DeployError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
