import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunctions } from '../support/lambda/build-functions.ts';

/** Licences that ask for a notice at most. Anything else needs somebody to decide. */
const ALLOWED: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Unlicense',
  // date-holidays: its data are CC-BY-3.0, and name their sources themselves. The command alone uses it.
  '(ISC AND CC-BY-3.0)',
];
/** Of what goes into an account. */
const ALLOWED_IN_BUNDLES: readonly string[] = ['Apache-2.0', 'MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-3-Clause'];

interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  /** Inside of another package's archive, whose checksum covers it. */
  readonly inBundle?: boolean;
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const lock = read('package-lock.json') as { readonly packages: Readonly<Record<string, LockedPackage>> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');
const manifest = read('package.json') as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

describe('what the command and the simulator bring along', () => {
  it('has licences that were decided on', () => {
    const shipped = locked.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);
    expect(shipped.length).toBeGreaterThan(50);
    const others = shipped.filter(([, { license = 'none' }]) => !ALLOWED.includes(license));
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });

  it('is pinned: exact versions, a checksum for each, no download address', () => {
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(ranges).toEqual([]);
    expect(locked.filter(([, { integrity, link, inBundle }]) => integrity === undefined && !link && !inBundle)).toEqual(
      [],
    );
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('does not hold the policy evaluator, which is AGPL: tests alone may use it', () => {
    const [, evaluator] = locked.find(([path]) => path.endsWith('@cloud-copilot/iam-simulate')) ?? [];
    expect(evaluator).toMatchObject({ dev: true, license: expect.stringContaining('AGPL') });
    const users = execFileSync('git', ['grep', '-l', '@cloud-copilot/', '--', '*.ts', '*.js'], { encoding: 'utf8' });
    const outside = users
      .trim()
      .split('\n')
      .filter((file) => !file.startsWith('test/'));
    expect(outside).toEqual([]);
  });

  it('can be listed by a command', () => {
    execFileSync('npm', ['run', '--silent', 'sbom'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const sbom = read('out/sbom.json') as { bomFormat: string; components: { name: string; version: string }[] };
    expect(sbom.bomFormat).toBe('CycloneDX');
    const named = new Set(sbom.components.map(({ name, version }) => `${name}@${version}`));
    for (const [name, version] of Object.entries(manifest.dependencies))
      expect(named, name).toContain(`${name}@${version}`);
    const { vitest = '' } = manifest.devDependencies;
    expect(named, 'nothing that only develops').not.toContain(`vitest@${vitest}`);
  });
});

describe('what goes into an account', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'supply-'));
  const packages = new Set<string>();
  beforeAll(async () => {
    for (const [, { inputs }] of await bundleFunctions(outdir)) {
      for (const file of Object.keys(inputs)) {
        const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
        if (name !== undefined) packages.add(name);
      }
    }
  });
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  it('has licences that ask for a notice at most', () => {
    expect(packages.size).toBeGreaterThan(10);
    const licences = [...packages].map((name) => {
      const license = locked.find(([path]) => path.endsWith(`node_modules/${name}`))?.[1].license ?? 'none';
      return [name, license] as const;
    });
    expect(licences.filter(([, license]) => !ALLOWED_IN_BUNDLES.includes(license))).toEqual([]);
  });

  it('is nobody’s but AWS’s and the grammar’s', () => {
    // A package that is new here goes into every account: it should be noticed.
    const ours = /^(?:@aws-sdk|@aws-lambda-powertools|@aws|@smithy)\/|^(?:valibot|tslib|bowser|mnemonist|obliterator)$/;
    expect([...packages].filter((name) => !ours.test(name)).sort()).toEqual([]);
  });
});
