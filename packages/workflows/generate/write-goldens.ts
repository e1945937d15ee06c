import { mkdirSync, writeFileSync } from 'node:fs';
import { goldens } from './goldens.ts';

// Run it after changing a state machine, and review the difference.
const folder = new URL('../golden/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(goldens)) writeFileSync(new URL(name, folder), text);
