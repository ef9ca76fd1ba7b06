/** `npm run check`: the static checks of `npm test` alone, for every commit. */
import { checkStatically } from './static-checks.ts';

const { failed } = await checkStatically();
process.exitCode = failed === 0 ? 0 : 1;
