import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, RUNTIME_CLIENT } from '../scripts/native-tools.ts';
import { buildArtifacts } from '../test/support/lambda/build-functions.ts';
import { type InitTime, measureInits, measureSizes, type Size } from '../test/support/lambda/measure.ts';

export interface ArtifactFigures {
  readonly builtBy: string;
  readonly sizes: readonly Size[];
  /** Or why they cannot be measured here: starts go through Lambda's own runtime client. */
  readonly inits: readonly InitTime[] | string;
}

/** The same measurements that test/artifacts holds the budgets against. */
export async function measureArtifacts(): Promise<ArtifactFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-artifacts-'));
  try {
    const artifacts = await buildArtifacts(folder);
    const problem = await install(RUNTIME_CLIENT);
    const sizes = measureSizes(artifacts);
    return { builtBy: artifacts.builtBy, sizes, inits: problem ?? (await measureInits(artifacts)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
