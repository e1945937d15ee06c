// A process for the test to kill: starts an emulator, says where it is, and waits.
import { startMiniStack } from '../src/ministack.ts';

const { endpoint } = await startMiniStack();
process.stdout.write(`${endpoint}\n`);
setInterval(() => {}, 1000);
