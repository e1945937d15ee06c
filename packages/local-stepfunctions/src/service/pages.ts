import { createHash } from 'node:crypto';
import { ServiceError } from './service-error.ts';

const DEFAULT_PAGE = 100;

interface PageRequest {
  /** 0 for the default. */
  readonly maxResults: number;
  readonly nextToken?: string | undefined;
}

interface Listing<T> {
  readonly items: readonly T[];
  /** A number that grows from item to item, or from each to the one before it if `descending`. */
  readonly position: (item: T) => number;
  readonly descending?: boolean;
  /** What is listed: a token given for something else is refused. */
  readonly of: readonly unknown[];
}

/**
 * The part of a list that a request asks for, with the token of the next. What is added or forgotten between two
 * requests makes them neither repeat nor skip an item. Throws InvalidToken for a token of another list.
 */
export function pageOf<T>(
  { items, position, descending = false, of }: Listing<T>,
  request: PageRequest,
): { readonly page: readonly T[]; readonly nextToken?: string } {
  const list = createHash('sha256').update(JSON.stringify(of)).digest('base64url').slice(0, 16);
  const after = request.nextToken === undefined ? undefined : readToken(request.nextToken, list);
  const left =
    after === undefined
      ? items
      : items.filter((item) => (descending ? position(item) < after : position(item) > after));
  const page = left.slice(0, request.maxResults === 0 ? DEFAULT_PAGE : request.maxResults);
  const last = page.at(-1);
  if (last === undefined || page.length === left.length) return { page };
  return { page, nextToken: Buffer.from(`${list} ${position(last)}`).toString('base64url') };
}

function readToken(token: string, list: string): number {
  const [, givenList, position] = /^(\S{16}) (\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (givenList !== list) throw new ServiceError('InvalidToken', "Invalid Token: 'Invalid token'");
  return Number(position);
}
