/** One of the soak's threads: takes a seed, answers what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { soakSeed } from '../../rehearsal/soak/soak-seed.ts';

const port = parentPort;
if (port === null) throw new Error('worker: must be started by scripts/soak.ts');
const options = workerData as { readonly days: number; readonly shrinks: boolean };
port.on('message', (seed: number) => {
  void soakSeed(seed, options).then((outcome) => port.postMessage(outcome));
});
