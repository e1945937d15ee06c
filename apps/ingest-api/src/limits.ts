/** Records of one request: as many as one call of PutRecords takes. */
export const MAX_RECORDS = 500;

/** A request's body once it is unpacked; with what is added to the records it is about one full call of PutRecords. */
export const MAX_BODY_BYTES = 5 * 1024 * 1024;

/** A record with its partition key: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** Objects and arrays within each other. Parsing takes more, but much memory for it, and no dataset needs it. */
export const MAX_DEPTH = 100;

/**
 * Reasons that are given for one record, and characters of a pointer: every key of every record may be wrong, and a function's
 * answer has 6 MB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_REASONS = 20;
export const MAX_POINTER_LENGTH = 100;
