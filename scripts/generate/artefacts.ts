import { architectureSvg } from '../picture.ts';

export const artefacts = async () => [{ path: 'docs/architecture.svg', make: async () => architectureSvg() }];
