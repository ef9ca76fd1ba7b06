/** `npm run picture -- out/result.json docs/picture.svg`: the README's picture from a result that `simulate --json` wrote. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { RehearsalResult } from '../rehearsal/result.ts';
import { renderPicture } from '../report/picture.ts';

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error('usage: npm run picture -- RESULT.json PICTURE.svg');
  process.exitCode = 2;
} else {
  writeFileSync(to, renderPicture(JSON.parse(readFileSync(from, 'utf8')) as RehearsalResult));
}
