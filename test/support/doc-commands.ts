import { readFileSync } from 'node:fs';

/** The commands in the ```sh blocks of a page, in order: continued lines joined, remarks after them dropped. */
export function commandsOf(file: string): readonly string[] {
  const blocks = readFileSync(file, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, block = '']) =>
    block
      .replaceAll(/\s*\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.replace(/(^|\s{2,})#\s.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}
