/** What the pictures share: colours in light and dark, the card they stand on, and small files. */
import type * as Plot from '@observablehq/plot';
import { JSDOM } from 'jsdom';
import { escapeHtml } from './html.ts';

export const FONT = { fontFamily: 'system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif' };

interface Shades {
  readonly light: string;
  readonly dark: string;
}

/** Each colour is a class: light ones are attributes that any viewer knows, dark ones a style that browsers add. */
const COLOURS: Readonly<Record<string, Shades>> = {
  card: { light: '#ffffff', dark: '#171b22' },
  text: { light: '#16191d', dark: '#e8ebef' },
  muted: { light: '#5a6470', dark: '#9aa5b1' },
  line: { light: '#d5dae0', dark: '#323a45' },
  grid: { light: '#e7eaee', dark: '#262d36' },
  zero: { light: '#eceff2', dark: '#222933' },
  window: { light: '#9ed3b5', dark: '#2f6b4d' },
  late: { light: '#c8321f', dark: '#ff6b57' },
  good: { light: '#0a6b43', dark: '#5fd09b' },
  'band-1': { light: '#3c7ee0', dark: '#5b97f0' },
  'band-2': { light: '#e59a1c', dark: '#e8a941' },
  'band-3': { light: '#2a9d76', dark: '#43b58d' },
  'band-4': { light: '#a467cf', dark: '#b784de' },
  'band-5': { light: '#8f7351', dark: '#b09470' },
  'band-6': { light: '#35a9c4', dark: '#4fbdd6' },
  'band-7': { light: '#cc6ba6', dark: '#d986b8' },
  'band-8': { light: '#87909a', dark: '#98a2ad' },
};

export function fillWith(name: string): { fill: string; className: string } {
  return { fill: COLOURS[name]?.light ?? '#000000', className: `fill-${name}` };
}

export function strokeWith(name: string): { stroke: string; className: string } {
  return { stroke: COLOURS[name]?.light ?? '#000000', className: `stroke-${name}` };
}

function renderStyle(): string {
  const dark = Object.entries(COLOURS).map(
    ([name, shades]) => `.fill-${name}{fill:${shades.dark}}.stroke-${name}{stroke:${shades.dark}}`,
  );
  return `<style>text{font-variant-numeric:tabular-nums}@media (prefers-color-scheme:dark){${dark.join('')}}</style>`;
}

/** Keeps one decimal of each coordinate: a tenth of a pixel cannot be seen, and the file shrinks to a third. */
function roundCoordinates(svg: string): string {
  return svg.replace(
    /(\sd|\s[xy]|\s[xy][12]|\swidth|\sheight|\stransform)="([^"]*)"/g,
    (_, name: string, value: string) => {
      const rounded = value.replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10));
      return `${name}="${rounded}"`;
    },
  );
}

/** A document for Plot to draw into where there is no browser. */
export function createDocument(): NonNullable<Plot.PlotOptions['document']> {
  // Plot's own types name the browser's Document, which jsdom's stands in for.
  return new JSDOM('').window.document as NonNullable<Plot.PlotOptions['document']>;
}

/** The markup of a plot on its card, named for those who cannot see it. */
export function finishSvg(
  plot: unknown,
  label: string,
  size: { readonly width: number; readonly height: number },
): string {
  const card = `<rect class="fill-card stroke-line" x="0.5" y="0.5" width="${size.width - 1}" height="${size.height - 1}" rx="10" fill="${COLOURS['card']?.light}" stroke="${COLOURS['line']?.light}"/>`;
  const markup = roundCoordinates((plot as { outerHTML: string }).outerHTML);
  const opened = markup
    .replace(/^<svg/, '<svg xmlns="http://www.w3.org/2000/svg" role="img"')
    .replace(/^(<svg[^>]*>)/, `$1<title>${escapeHtml(label)}</title>${renderStyle()}${card}`);
  return `${opened}\n`;
}
