/**
 * `npm run sbom`: what ships with the command, as a CycloneDX list in out/sbom.json. `npm sbom --omit dev` leaves out what
 * development wants too (npm 11: esbuild, yaml …), so all is listed, and what the lock file calls development is dropped.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

interface Sbom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const shipped = new Set(
  Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version = '' }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
);
const options = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const text = execFileSync('npm', options, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
const all = JSON.parse(text) as Sbom;

const components = all.components.filter(({ name, version }) => shipped.has(`${name}@${version}`));
const kept = new Set(components.map((component) => component['bom-ref']));
const dependencies = all.dependencies
  .filter(({ ref }, index) => index === 0 || kept.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((name) => kept.has(name)) }));
mkdirSync('out', { recursive: true });
writeFileSync('out/sbom.json', `${JSON.stringify({ ...all, components, dependencies }, null, 2)}\n`);
console.log(`out/sbom.json: ${components.length} packages`);
