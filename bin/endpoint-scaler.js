#!/usr/bin/env node
// Plain JavaScript that any Node from 18 on can run: the command itself is TypeScript, which Node runs from 24 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The Node that `npm ci` installed beside us, wherever npm put it. */
function findNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function runWith(binary) {
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, ENDPOINT_SCALER_NODE: binary },
  });
  for (const signal of Object.keys(SIGNALS)) {
    // A terminal sends Ctrl-C to both of us; only the child decides what it means.
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => fail(`cannot start ${binary}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (SIGNALS[signal] ?? 0)));
}

function fail(message) {
  process.stderr.write(`endpoint-scaler: ${message}\n`);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  const { main } = await import('../cli/main.ts');
  await main();
} else {
  const binary = process.env.ENDPOINT_SCALER_NODE === undefined ? findNode() : undefined;
  if (binary === undefined) {
    fail(`needs Node ${NEEDED} or newer, this is ${process.version}; \`npm ci\` in the project installs one beside it`);
  } else {
    runWith(binary);
  }
}
