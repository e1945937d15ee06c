import type { IncomingMessage } from 'node:http';

/** Bytes that all bodies together may hold while they come in. */
export interface BodyBudget {
  readonly bytesLeft: () => number;
  readonly take: (bytes: number) => void;
}

export const bodyBudget = (bytes: number): BodyBudget => {
  let left = bytes;
  return {
    bytesLeft: () => left,
    take: (taken) => {
      left -= taken;
    },
  };
};

export type ReadBody =
  | { readonly outcome: 'read'; readonly body: Buffer }
  | { readonly outcome: 'too_long' }
  /** There is no memory for it now. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'aborted' };

/** Reads a body into memory as far as the limits go. The caller gives the budget back when the request is done. */
export const readBody = async (
  message: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget,
): Promise<ReadBody> => {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > maxBytes) return { outcome: 'too_long' };
  const chunks: Buffer[] = [];
  let size = 0;
  const giveBack = (outcome: 'too_long' | 'busy' | 'aborted'): ReadBody => {
    budget.take(-size);
    return { outcome };
  };
  try {
    // Leaving the loop must not close the connection: there is an answer to give.
    for await (const piece of message.iterator({ destroyOnReturn: false })) {
      const chunk = piece as Buffer; // no encoding is set
      if (size + chunk.length > maxBytes) return giveBack('too_long');
      if (chunk.length > budget.bytesLeft()) return giveBack('busy');
      budget.take(chunk.length);
      size += chunk.length;
      chunks.push(chunk);
    }
  } catch {
    return giveBack('aborted');
  }
  return { outcome: 'read', body: Buffer.concat(chunks, size) };
};
