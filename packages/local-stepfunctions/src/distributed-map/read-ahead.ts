import type { AbortScope } from '../abort-scope.ts';

/**
 * The same values, read before they are asked for, at most `depth` of them: the reader waits for the consumer
 * and a small source is known to its end at once. Throws the scope's reason as soon as that is aborted.
 */
export async function* readAhead<T>(
  source: AsyncIterable<T>,
  depth: number,
  abort: AbortScope,
): AsyncGenerator<T, void> {
  const buffer: T[] = [];
  let end: { readonly error?: unknown } | undefined;
  let stopped = false;
  let wakeReader = () => {};
  let wakeConsumer = () => {};

  async function pump(): Promise<void> {
    try {
      for await (const value of source) {
        if (stopped) break;
        buffer.push(value);
        wakeConsumer();
        if (buffer.length < depth) continue;
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
        if (stopped) break;
      }
      end = {};
    } catch (error) {
      end = { error };
    }
    wakeConsumer();
  }

  const offAbort = abort.onAbort(() => wakeConsumer());
  void pump();
  try {
    for (;;) {
      abort.throwIfAborted();
      if (buffer.length === 0 && end === undefined) {
        await new Promise<void>((resolve) => {
          wakeConsumer = resolve;
        });
        continue;
      }
      const [value] = buffer;
      if (value === undefined) break;
      buffer.shift();
      wakeReader();
      yield value;
    }
    if (end !== undefined && 'error' in end) throw end.error;
  } finally {
    offAbort();
    stopped = true;
    wakeReader();
  }
}
