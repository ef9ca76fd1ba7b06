import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { RUNTIME_CLIENT } from '../../scripts/native-tools.ts';
import { type Artifacts, buildArtifacts } from '../support/lambda/build-functions.ts';
import { hasTool } from '../support/native-tools.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Undefined: they cannot be run here, and the reason was printed. */
    artifacts: Artifacts | undefined;
  }
}

/** Builds what would be deployed once for all test files of the project. */
export default async function setup(project: TestProject): Promise<() => void> {
  const canRun = hasTool(RUNTIME_CLIENT, 'the built functions under the Lambda runtime');
  const folder = mkdtempSync(join(tmpdir(), 'artifacts-'));
  project.provide('artifacts', canRun ? await buildArtifacts(folder) : undefined);
  return () => rmSync(folder, { recursive: true, force: true });
}
