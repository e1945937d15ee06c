/** esbuild's `define` for everything that is deployed: failpoints vanish from the bundle. */
export const withoutFailpoints = { 'process.env.SLUICE_FAILPOINT': 'undefined' } as const;
