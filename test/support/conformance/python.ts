import { existsSync } from 'node:fs';

/** Python with boto3, botocore and the AWS CLI, as `npm test` sets it up. */
export const PYTHON = '.venv/bin/python';

export function hasPython(leftOut: string): boolean {
  if (existsSync(PYTHON) && existsSync('.venv/bin/aws')) return true;
  process.stderr.write(`skipped, no AWS CLI and boto3 in .venv: ${leftOut}\n`);
  return false;
}
