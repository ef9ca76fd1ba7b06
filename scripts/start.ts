/**
 * `npm start`: the demo fleet on the embedded simulator, its functions held to the roles of the template, with its page. `npm start -- --trace FILE` runs one real-time
 * endpoint on a trace of yours instead; other options go to `endpoint-scaler simulate` as they are.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const extra = process.argv.slice(2);
const isGiven = (option: string): boolean => extra.some((word) => word === option || word.startsWith(`${option}=`));

const args = [
  `${root}bin/endpoint-scaler.js`,
  'simulate',
  ...(isGiven('--trace') ? [] : [`${root}rehearsal/demo/fleet.yaml`, '--enforce-iam']),
  ...(isGiven('--report') ? [] : ['--report', `${root}out/report.html`]),
  ...extra,
];
const child = spawn(process.execPath, args, { stdio: 'inherit' });
child.on('error', (error) => {
  console.error(`cannot start ${process.execPath}: ${error.message}`);
  process.exitCode = 1;
});
child.on('close', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 130;
});
