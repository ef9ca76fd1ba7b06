import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { RehearsalResult } from '../rehearsal/result.ts';
import { formatCount, formatPlural } from './format.ts';
import { embedJson, type Html, html, trusted } from './html.ts';
import { renderEndpointTable, renderFleet, renderTiles, renderTimelines, renderTroubles } from './sections.ts';
import { buildPageData } from './view.ts';
import { createZone } from './zone.ts';

const PAGE = join(import.meta.dirname, 'page');

/** Their licence (ISC) asks for this notice wherever a copy goes, and every report carries one. */
const NOTICE = `/*! Contains Observable Plot, Copyright 2020-2025 Observable, Inc., and D3, Copyright 2010-2023 Mike Bostock.
Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided
that the above copyright notice and this permission notice appear in all copies. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR
DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO
EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING
FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN
CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE. */`;

let cached: string | undefined;

/** The page's own code with the chart library, as one script; the same bytes on every call. */
function bundlePage(): string {
  if (cached !== undefined) return cached;
  const built = buildSync({
    entryPoints: [join(PAGE, 'main.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    tsconfigRaw: {},
    logLevel: 'silent',
  });
  const code = built.outputFiles[0]?.text ?? '';
  // Inside a script element these two sequences would end it or start a comment, even in a string.
  cached = `${NOTICE}\n${code}`.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
  return cached;
}

/** Allows this script alone: were a hostile name ever to slip through the escaping, it still could not run or fetch. */
function renderPolicy(script: string): Html {
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return html`<meta http-equiv="Content-Security-Policy" content="${policy}">`;
}

function renderFooter(result: RehearsalResult): Html {
  const calls = Object.values(result.calls).reduce((sum, count) => sum + count, 0);
  const zero =
    result.bill.saved === null ? html` Some instance types have no known price, so no sum is given.` : html``;
  return html`<footer><p>Rehearsed against a simulated AWS: ${formatCount(calls)} API calls, ${formatPlural(result.events.length, 'event')} announced, seed ${result.seed}. The same document and seed give the same page. Prices are USD list prices of ${result.bill.pricesAsOf}, before savings plans.${zero}</p></footer>`;
}

const HATCH = trusted(
  '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" style="fill:var(--hatch-back)"/><rect width="1.2" height="6" style="fill:var(--hatch)"/></pattern></defs></svg>',
);

/** One self-contained page: nothing in it asks the network, and it can be mailed or attached to a change. */
export function renderReport(result: RehearsalResult): string {
  const data = buildPageData(result);
  const zone = createZone(data.timezone);
  const script = bundlePage();
  const style = trusted(readFileSync(join(PAGE, 'style.css'), 'utf8'));
  const endpoints = formatPlural(data.endpoints.length, 'endpoint');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${renderPolicy(script)}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal of ${result.scenario}</title>
<style>${style}</style>
</head>
<body>
${HATCH}
<header><div><h1>Rehearsal of ${result.scenario}</h1><p class="sub">${zone.stamp(data.from)} to ${zone.stamp(data.to)}, ${data.timezone} · ${endpoints}</p></div><button type="button" id="theme" hidden>Theme</button></header>
<main>
${renderTiles(result)}
${renderFleet(result, data)}
${renderEndpointTable(result)}
${renderTroubles(result)}
${renderTimelines(result, data)}
<noscript><p>The charts need JavaScript; tables and texts do not.</p></noscript>
</main>
${renderFooter(result)}
<script type="application/json" id="data">${embedJson(data)}</script>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.markup;
}
