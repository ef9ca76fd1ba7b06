import { readFileSync } from 'node:fs';

/** Text of the template that this repository deploys. */
export function readTemplateText(): string {
  return readFileSync(new URL('../template.yaml', import.meta.url), 'utf8');
}
