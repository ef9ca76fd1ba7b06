import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import { renderPicture } from '../../report/picture.ts';
import { makeFortnight } from './report-fixture.ts';

interface Node {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

function parse(svg: string): Node {
  const { window } = new JSDOM(svg, { contentType: 'image/svg+xml' });
  return window.document as unknown as Node;
}

const texts = (node: Node): string[] => [...node.querySelectorAll('text')].map((text) => text.textContent);

describe('the picture', () => {
  const svg = renderPicture(makeFortnight());

  it('is one well-formed SVG that a README can carry', () => {
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
    expect(svg.length).toBeLessThan(150_000);
    expect(svg.replace(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(/https?:|<script|href=/);
  });

  it('names every endpoint, its share, the totals and what disturbed the run', () => {
    const shown = texts(parse(svg));
    expect(shown).toEqual(
      expect.arrayContaining(['Chat-Dev', 'Legacy-Search', 'checkout', 'nightly-batch', 'transcribe']),
    );
    expect(shown).toEqual(
      expect.arrayContaining(['2,033 instance hours instead of 4,020', 'Capacity shortage', '- - always-on: 12']),
    );
    expect(shown).toEqual(expect.arrayContaining(['32 % of always-on', 'not enrolled: left alone']));
  });

  it('brings its own background for light and dark pages', () => {
    const card = [...parse(svg).querySelectorAll('rect')][0];
    expect(card?.getAttribute('fill')).toBe('#ffffff');
    expect(svg).toContain('@media (prefers-color-scheme:dark){.fill-card{fill:#171b22}');
  });

  it('is the same on every call, and different for another result', () => {
    expect(renderPicture(makeFortnight())).toBe(svg);
    const other = makeFortnight();
    expect(renderPicture({ ...other, bill: { ...other.bill, saved: 12 } })).not.toBe(svg);
  });

  it('escapes names', () => {
    const result = makeFortnight();
    const { checkout, ...rest } = result.endpoints;
    if (checkout === undefined) throw new Error('the fixture has lost checkout');
    const hostile = renderPicture({ ...result, endpoints: { ...rest, '<b>&"': checkout } });
    expect(texts(parse(hostile))).toContain('<b>&"');
  });
});
