export type { RunInput } from '@sluice/step-contracts';

/** An object of the raw zone, in one version: its etag tells versions of the same name apart. */
export interface ArrivedObject {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
}
