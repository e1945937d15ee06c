import { Tracer } from '@aws-lambda-powertools/tracer';

type Annotations = Readonly<Record<string, string>>;

/** Runs the work of one invocation in a subsegment of its own; outside Lambda it just runs it. */
export type Trace = <T>(annotations: Annotations, work: () => Promise<T>) => Promise<T>;

/** X-Ray tracing. HTTP calls, and so the SDK's, appear in the subsegment without being asked for. */
export function tracing(service: string): Trace {
  const tracer = new Tracer({ serviceName: service });
  return async (annotations, work) => {
    const parent = tracer.isTracingEnabled() ? tracer.getSegment() : undefined;
    if (!parent) return work();
    const own = parent.addNewSubsegment(`## ${service}`);
    tracer.setSegment(own);
    try {
      tracer.annotateColdStart();
      tracer.addServiceNameAnnotation();
      for (const [name, value] of Object.entries(annotations)) tracer.putAnnotation(name, value);
      return await work();
    } catch (cause) {
      if (cause instanceof Error) tracer.addErrorAsMetadata(cause);
      throw cause;
    } finally {
      own.close();
      tracer.setSegment(parent);
    }
  };
}
