/**
 * What a terminal would obey or reorder: control characters (ESC and the one-byte CSI among them), line separators and
 * marks that turn the direction of the text.
 */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const LONGEST = 400;

/** Names, reasons and tags are other people's words: what a terminal would obey is shown instead, on one line. */
export function printable(text: string): string {
  const shown = text.replace(OBEYED, escapeOf);
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1)}…` : shown;
}

/** JSON says the same as before, and nothing in it moves a cursor. */
export function printableJson(json: string): string {
  return json.replace(OBEYED, (character) => (character === '\n' ? character : escapeOf(character)));
}

/** `1 endpoint`, `2 endpoints` */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
