import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmulatedStack, emulatedStack } from './emulated/emulated-stack.ts';
import { emulatedProd } from './emulated/environments.ts';
import { leftovers } from './emulated/leftovers.ts';
import { staleIn, unexpected } from './emulated/restless.ts';
import { describeWithTerraform } from './terraform-cli.ts';

const applyMs = 480_000;

describeWithTerraform('prod with all opt-ins, on an emulated AWS', (miniStack) => {
  let stack: EmulatedStack;
  beforeAll(async () => {
    stack = await emulatedStack(emulatedProd, miniStack());
    await stack.apply();
  }, applyMs);
  afterAll(() => stack?.remove());

  test(
    'a second plan changes nothing but what the emulator answers wrongly',
    async () => {
      const differences = await stack.differences();
      expect(unexpected(differences)).toEqual([]);
      expect(staleIn(stack.types, differences)).toEqual([]);
    },
    applyMs,
  );

  test(
    'destroying it leaves nothing',
    async () => {
      await stack.destroy();
      expect(await stack.madeResources()).toEqual([]);
      expect(await leftovers(miniStack(), emulatedProd.region)).toEqual([]);
    },
    applyMs,
  );
});
