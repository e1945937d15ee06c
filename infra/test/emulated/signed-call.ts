import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { MiniStack } from '@sluice/aws-emulator';

export type Credentials = MiniStack['credentials'];

interface Call {
  readonly method: 'GET' | 'POST';
  /** As it is sent, without a query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  /** null: nobody signs it. */
  readonly as: Credentials | null;
}

export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

interface Api {
  /** Of the emulator, which knows an API by its host: `http://127.0.0.1:4566` */
  readonly endpoint: string;
  readonly apiId: string;
  readonly region: string;
}

/** Calls an HTTP API of the emulator, signed as IAM's authorizer wants it. */
export const callApi = (
  { endpoint, apiId, region }: Api,
  { method, path, headers = {}, body = '', as }: Call,
): Promise<Answer> => {
  const { hostname, port } = new URL(endpoint);
  const host = `${apiId}.execute-api.localhost:${port}`;
  const signature = as === null ? {} : signed({ method, path, body, host, region, as });
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: { host, 'content-type': 'application/json', ...signature, ...headers },
      },
      async (response) => {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve({ status: response.statusCode, body: text });
      },
    );
    request.on('error', reject).end(body);
  });
};

interface Signed {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly host: string;
  readonly region: string;
  readonly as: Credentials;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const signed = ({ method, path, body, host, region, as }: Signed): Record<string, string> => {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers = `host:${host}\nx-amz-date:${time}\n`;
  const names = 'host;x-amz-date';
  const canonical = [method, path, '', headers, names, sha256(body)].join('\n');
  const scope = [day, region, 'execute-api', 'aws4_request'];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${as.secretAccessKey}`);
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n');
  const credential = `Credential=${as.accessKeyId}/${scope.join('/')}`;
  return {
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${hmac(key, text).toString('hex')}`,
  };
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
