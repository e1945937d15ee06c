import { makeCaseExceptions } from './case-exceptions.ts';

export const artefacts = async () => [
  {
    path: 'packages/record-transform/src/generated/case-exceptions.ts',
    make: makeCaseExceptions,
    needs: 'a Java 17 in JAVA_HOME or the PATH',
  },
];
