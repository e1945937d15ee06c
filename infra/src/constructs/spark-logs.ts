/** In the bucket of scripts: below it Spark writes what its history server shows, and EMR Serverless its logs. */
export const sparkLogsPrefix = 'spark-logs/';
