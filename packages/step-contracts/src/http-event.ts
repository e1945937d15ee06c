import { z } from 'zod';

const names = z.record(z.string(), z.string());

/**
 * What an HTTP API of API Gateway hands to a Lambda, payload format 2.0, as far as it is used here. Header names are in
 * lower case, equal ones joined by commas. `rawPath` begins with the stage, unless that is `$default`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const httpEvent = z.object({
  version: z.literal('2.0'),
  rawPath: z.string(),
  headers: names.default({}),
  /** Text, or base64 if the content type is none of those that API Gateway takes for text. Absent if there is none. */
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    stage: z.string().default('$default'),
    /** Who called, by the authorizer of the route; API Gateway has checked it. */
    authorizer: z
      .object({
        iam: z.object({ userArn: z.string() }).nullish(),
        jwt: z.object({ claims: z.record(z.string(), z.unknown()) }).nullish(),
      })
      .nullish(),
  }),
});
export type HttpEvent = z.output<typeof httpEvent>;

/** What a Lambda answers to it. */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}
