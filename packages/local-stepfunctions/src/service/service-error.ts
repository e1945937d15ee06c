/** What a client is told went wrong, by the name that Step Functions gives it. */
export class ServiceError extends Error {
  readonly type: string;
  /** Of the HTTP response. */
  readonly statusCode: number;
  /** Members beside the message, as `reason` of a ValidationException. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    type: string,
    message: string,
    details: Readonly<Record<string, string>> = {},
    statusCode = 400,
  ) {
    super(message);
    this.name = 'ServiceError';
    this.type = type;
    this.statusCode = statusCode;
    this.details = details;
  }
}
