// The package ships no types.
declare module 'kinesalite' {
  import type { Server } from 'node:http';

  /** An HTTP server that answers as Kinesis; closing it closes its store. */
  export default function kinesalite(options: {
    readonly createStreamMs?: number;
    readonly deleteStreamMs?: number;
    readonly updateStreamMs?: number;
    readonly shardLimit?: number;
  }): Server;
}
