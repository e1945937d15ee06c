import { openSource } from './open-source.ts';
import { type RowMarks, readRows } from './read-rows.ts';
import { type EngineLimits, openSession, type Session, type StatementProgress } from './session.ts';
import type { Source, SourceRequest } from './source.ts';

/** An object that a session has read: its rows are in the tables that `readRows` makes. */
export interface ReadObject {
  readonly session: Session;
  readonly source: Source;
  readonly marks: RowMarks;
}

export interface ObjectRequest extends SourceRequest {
  readonly limits: EngineLimits;
  readonly onProgress?: ((progress: StatementProgress) => void) | undefined;
}

/** Reads an object and lets `work` look at it. */
export type OpenObject = <T>(request: ObjectRequest, work: (object: ReadObject) => Promise<T>) => Promise<T>;

const read = async (request: ObjectRequest): Promise<ReadObject> => {
  const session = await openSession(request.scratchDir, request.limits);
  try {
    session.watch(request.onProgress);
    const source = await openSource(session, request);
    return { session, source, marks: await readRows(session, source) };
  } catch (error) {
    session.close();
    throw error;
  }
};

/** Reads the object into a session of its own, which is gone after `work`. */
export const openObject: OpenObject = async (request, work) => {
  const object = await read(request);
  try {
    return await work(object);
  } finally {
    object.session.close();
  }
};

/**
 * Keeps the object that was read last, so that steps which look at the same one in turn read it once. For a process
 * that runs the steps itself; `request.path` names the object, so the file must not change meanwhile, and the first
 * request's scratch folder must outlive `close`.
 */
export const keepObject = (): { readonly open: OpenObject; close(): void } => {
  let kept: { readonly path: string; readonly object: ReadObject } | null = null;
  const close = (): void => {
    kept?.object.session.close();
    kept = null;
  };
  return {
    open: async (request, work) => {
      if (kept?.path !== request.path) {
        close();
        kept = { path: request.path, object: await read(request) };
      }
      kept.object.session.watch(request.onProgress);
      return work(kept.object);
    },
    close,
  };
};
